//! How an answer of a server function becomes a value in the browser: by the browser's own JSON parser.
//!
//! On the wire it is the JSON that serde writes for every client. Reading it with `serde_json` would make the program 21 KB
//! larger (brotli), with serde-wasm-bindgen 12 KB; so each type of `api_types.rs` is taken apart here by hand. The two
//! files change together.

use std::fmt;

use js_sys::{Array, JSON, Reflect};
use leptos::serde_json;
use leptos::server_fn::codec::Post;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};
use leptos::web_sys::wasm_bindgen::JsValue;
use serde::Serialize;

use crate::api_types::{ApiError, GreetingAnswer, SignedInAnswer, TokenType};

/// Said as `output = Answer` by every server function.
pub type Answer = Post<AnswerEncoding>;

/// JSON: written by serde, read by the browser.
pub struct AnswerEncoding;

/// What can be read from parsed JSON. Nothing, where something came that this server does not send.
pub trait FromJson: Sized {
    fn from_json(json: &JsValue) -> Option<Self>;
}

/// Something came that this server does not send.
#[derive(Debug)]
pub struct NotOurs;

impl FromJson for () {
    fn from_json(_: &JsValue) -> Option<Self> {
        Some(())
    }
}

impl FromJson for SignedInAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            access_token: text(json, "access_token")?,
            token_type: TokenType::Bearer,
            expires_in: number(json, "expires_in")?.unsigned_abs(),
        })
    }
}

impl FromJson for GreetingAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        let roles = Array::from(&field(json, "roles")?);
        Some(Self {
            message: text(json, "message")?,
            username: text(json, "username")?,
            roles: roles.iter().filter_map(|role| role.as_string()).collect(),
            issued_at: number(json, "issued_at")?,
            lifetime: number(json, "lifetime")?.unsigned_abs(),
            expires_in: number(json, "expires_in")?.unsigned_abs(),
        })
    }
}

impl FromJson for ApiError {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self::from_code(&text(json, "code")?))
    }
}

impl FromServerFnError for ApiError {
    type Encoder = AnswerEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // On the server: a body that did not parse. In the browser: an answer that is not ours.
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::InvalidRequest
            }
            ServerFnErrorErr::Request(_) => Self::Unreachable,
            _ => Self::Internal,
        }
    }
}

impl ContentType for AnswerEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for AnswerEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for AnswerEncoding {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: FromJson> Decodes<T> for AnswerEncoding {
    type Error = NotOurs;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = std::str::from_utf8(&bytes).map_err(|_| NotOurs)?;
        let json = JSON::parse(text).map_err(|_| NotOurs)?;
        T::from_json(&json).ok_or(NotOurs)
    }
}

impl fmt::Display for NotOurs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an answer of this server")
    }
}

/// A field of an object; of anything else, nothing.
fn field(json: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(json, &name.into()).ok()
}

fn text(json: &JsValue, name: &str) -> Option<String> {
    field(json, name)?.as_string()
}

#[expect(clippy::cast_possible_truncation, reason = "whole seconds, far below 2^53")]
fn number(json: &JsValue, name: &str) -> Option<i64> {
    field(json, name)?.as_f64().map(|number| number as i64)
}
