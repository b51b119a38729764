//! What a user types or chooses, on its way to the server.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// "Keep me signed in": `true` in JSON; `true`, or the value of a checkbox, in a form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Remember(pub bool);

impl<'de> Deserialize<'de> for Remember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Said {
            Json(bool),
            Form(String),
        }
        match Said::deserialize(deserializer)? {
            Said::Json(remember) => Ok(Self(remember)),
            Said::Form(word) => match word.as_str() {
                "true" | "on" => Ok(Self(true)),
                "false" | "" => Ok(Self(false)),
                _ => Err(D::Error::custom("true or false")),
            },
        }
    }
}

/// A password or another secret that a user types, on its way to the server. Never printed, although server functions derive `Debug` for their arguments.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordInput(pub String);

impl fmt::Debug for PasswordInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
