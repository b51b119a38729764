//! How the browser turns an answer of a server function into a value: with its own JSON parser.
//!
//! On the wire it is the JSON that serde writes for every client. `serde_json` would make the program 21 KB larger
//! (brotli), and serde-wasm-bindgen 12 KB. So this file reads each type of `api_types.rs` by hand. The two files change
//! together.

use std::fmt;

use js_sys::{Array, JSON, Reflect};
use leptos::serde_json;
use leptos::server_fn::codec::Post;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};
use leptos::web_sys::wasm_bindgen::JsValue;
use serde::Serialize;

use crate::api_types::{
    AccountAnswer, ApiError, AskedFactors, BegunTotpAnswer, EmailAnswer, EventSummary, EventsAnswer, FactorsAnswer,
    GreetingAnswer, InvitationAnswer, KeySummary, PasskeyQuestion, PasskeySummary, PasskeysAnswer, SessionSummary,
    SignedInAnswer, StrengthAnswer, TokenType, UserSummary, UsersAnswer,
};

/// The answer of every server function.
pub type Answer = Post<AnswerEncoding>;

/// JSON: serde writes it, the browser reads it.
pub struct AnswerEncoding;

/// Reads a value from parsed JSON. Returns nothing if this server does not send such a value.
pub trait FromJson: Sized {
    fn from_json(json: &JsValue) -> Option<Self>;
}

/// The answer is not one that this server sends.
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
        Some(Self {
            message: text(json, "message")?,
            username: text(json, "username")?,
            roles: texts(json, "roles")?,
            issued_at: number(json, "issued_at")?,
            lifetime: number(json, "lifetime")?.unsigned_abs(),
            expires_in: number(json, "expires_in")?.unsigned_abs(),
            must_enrol: field(json, "must_enrol")?.is_truthy(),
            may_add_passkey: field(json, "may_add_passkey")?.is_truthy(),
        })
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &JsValue) -> Option<Self> {
        Array::from(json).iter().map(|item| T::from_json(&item)).collect()
    }
}

impl FromJson for SessionSummary {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            id: text(json, "id")?,
            device: text(json, "device")?,
            ip: text(json, "ip")?,
            started_at: number(json, "started_at")?,
            last_used_at: number(json, "last_used_at")?,
            expires_at: number(json, "expires_at")?,
            current: field(json, "current")?.is_truthy(),
        })
    }
}

impl FromJson for AccountAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            id: text(json, "id")?,
            username: text(json, "username")?,
            roles: texts(json, "roles")?,
            created_at: number(json, "created_at")?,
        })
    }
}

impl FromJson for EmailAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self { email: text(json, "email") })
    }
}

impl FromJson for EventsAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self { events: Vec::from_json(&field(json, "events")?)?, older: text(json, "older") })
    }
}

impl FromJson for EventSummary {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            id: text(json, "id")?,
            at: number(json, "at")?,
            kind: text(json, "kind")?,
            username: text(json, "username")?,
            by: text(json, "by")?,
            device: text(json, "device")?,
            ip: text(json, "ip")?,
        })
    }
}

impl FromJson for StrengthAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            score: u8::try_from(number(json, "score")?).ok()?,
            refused: text(json, "refused").map(|code| ApiError::from_code(&code).code()),
            advice: text(json, "advice")?,
        })
    }
}

impl FromJson for UsersAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self { users: Vec::from_json(&field(json, "users")?)?, next: text(json, "next") })
    }
}

impl FromJson for UserSummary {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            id: text(json, "id")?,
            username: text(json, "username")?,
            roles: texts(json, "roles")?,
            created_at: number(json, "created_at")?,
            disabled_at: number(json, "disabled_at"),
            last_used_at: number(json, "last_used_at"),
            sessions: number(json, "sessions")?,
            own: field(json, "own")?.is_truthy(),
        })
    }
}

impl FromJson for InvitationAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self { link: text(json, "link")?, expires_at: number(json, "expires_at")? })
    }
}

impl FromJson for KeySummary {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            id: text(json, "id")?,
            algorithm: text(json, "algorithm")?,
            state: text(json, "state")?,
            created_at: number(json, "created_at")?,
            verifies_until: number(json, "verifies_until"),
        })
    }
}

impl FromJson for BegunTotpAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self { secret: text(json, "secret")?, uri: text(json, "uri")?, svg: text(json, "svg")? })
    }
}

impl FromJson for FactorsAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            totp: field(json, "totp")?.is_truthy(),
            passkeys: count(json, "passkeys")?,
            recovery_codes: count(json, "recovery_codes")?,
            required: field(json, "required")?.is_truthy(),
        })
    }
}

impl FromJson for AskedFactors {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            totp: field(json, "totp")?.is_truthy(),
            passkeys: count(json, "passkeys")?,
            recovery_codes: count(json, "recovery_codes")?,
            kept: field(json, "kept")?.is_truthy(),
        })
    }
}

impl FromJson for PasskeyQuestion {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self { challenge: text(json, "challenge")?, options: text(json, "options")? })
    }
}

impl FromJson for PasskeysAnswer {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            rp_id: text(json, "rp_id"),
            user_id: text(json, "user_id")?,
            username: text(json, "username")?,
            passkeys: Vec::from_json(&field(json, "passkeys")?)?,
        })
    }
}

impl FromJson for String {
    fn from_json(json: &JsValue) -> Option<Self> {
        json.as_string()
    }
}

impl FromJson for PasskeySummary {
    fn from_json(json: &JsValue) -> Option<Self> {
        Some(Self {
            id: text(json, "id")?,
            name: text(json, "name")?,
            synced: field(json, "synced")?.is_truthy(),
            quiet: field(json, "quiet")?.is_truthy(),
            created_at: number(json, "created_at")?,
            last_used_at: number(json, "last_used_at"),
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
            // On the server: a body that did not parse. In the browser: an answer that is not from our server.
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

/// Leptos requires it of an encoding. Our protocol lets the browser parse: `browser/fetch.rs`.
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

/// Returns a field of an object; nothing if the value is no object.
fn field(json: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(json, &name.into()).ok()
}

fn text(json: &JsValue, name: &str) -> Option<String> {
    field(json, name)?.as_string()
}

fn texts(json: &JsValue, name: &str) -> Option<Vec<String>> {
    Array::from(&field(json, name)?).iter().map(|item| item.as_string()).collect()
}

fn count(json: &JsValue, name: &str) -> Option<u32> {
    u32::try_from(number(json, name)?).ok()
}

#[expect(clippy::cast_possible_truncation, reason = "whole seconds, far below 2^53")]
fn number(json: &JsValue, name: &str) -> Option<i64> {
    field(json, name)?.as_f64().map(|number| number as i64)
}
