//! What an access token says (RFC 7519, section 4; RFC 9068, section 2.2).

use serde::{Deserialize, Serialize};

use super::unix_time::UnixTime;

/// The claims of an access token, under their names on the wire. Nothing secret, ever: anybody can read a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// A member that we do not issue is refused, and with it a second spelling of one that we do.
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Issuer: this service's public URL.
    pub iss: String,
    /// Audience: whom the token is for.
    pub aud: String,
    /// Subject: the user's id. Opaque and stable.
    pub sub: String,
    /// For display; `sub` is who it is.
    pub username: String,
    /// Session id; what the blocklist records when the session ends.
    pub sid: String,
    /// Token id; what the blocklist records when one token is blocked.
    pub jti: String,
    /// Issued at.
    pub iat: UnixTime,
    /// Not before.
    pub nbf: UnixTime,
    /// Expires at; from this second on it is refused.
    pub exp: UnixTime,
    /// Always [`ACCESS`]: no other kind of token is signed with this key.
    #[serde(rename = "type")]
    pub kind: String,
    /// How long the password that was typed counts as just typed.
    pub fresh: Fresh,
    pub roles: Vec<String>,
}

/// The one value of the claim `type`.
pub const ACCESS: &str = "access";

/// The claim `fresh`: a time, or `false`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fresh {
    Until(UnixTime),
    Never(False),
}

/// JSON's `false`, and no other value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "bool", into = "bool")]
pub struct False;

impl TryFrom<bool> for False {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        if value { Err("a time or false") } else { Ok(Self) }
    }
}

impl From<False> for bool {
    fn from(_: False) -> Self {
        false
    }
}
