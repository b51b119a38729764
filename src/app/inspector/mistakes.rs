//! The common mistakes: names them, and corrects those that need no guess.

use leptos::web_sys::wasm_bindgen::JsValue;

use crate::app::inspector::elements::{set_text, show};
use crate::app::inspector::{signature, times};
use crate::app::unverified_jwt::{UnverifiedJwt, members};

/// Names of members with data that must never be in a token.
const PRIVATE: [&str; 8] = ["password", "passwd", "pwd", "secret", "private", "card", "ssn", "api_key"];

/// Names every mistake in the pasted text.
pub fn name(text: &str, jwt: &UnverifiedJwt, typed_secret: &str) {
    let bare = without_scheme(text);
    let parts = jwt.parts.len();
    let has = |found: &[char]| text.contains(found);
    for (id, made) in [
        ("mistake-scheme", bare.len() != text.trim().len()),
        ("mistake-quotes", has(&['"', '\''])),
        ("mistake-space", bare.contains(char::is_whitespace)),
        ("mistake-two-parts", parts == 2),
        ("mistake-encrypted", parts == 5),
        ("mistake-spelling", has(&['=', '+', '/'])),
        ("mistake-milliseconds", jwt.claims.as_ref().is_some_and(|claims| members(claims).any(is_in_milliseconds))),
        ("mistake-short-secret", signature::is_too_short(jwt, typed_secret)),
    ] {
        show(id, made);
    }
    let private =
        jwt.claims.as_ref().and_then(|claims| members(claims).map(|(name, _)| name).find(|name| is_private(name)));
    show("mistake-private", private.is_some());
    set_text("private-name", &private.unwrap_or_default());
}

/// Returns the token that was meant.
pub fn mend(text: &str) -> String {
    let bare = without_scheme(text).replace(['"', '\'', '=', ',', ';'], "").replace('+', "-").replace('/', "_");
    bare.split_whitespace().collect()
}

/// Removes `Authorization:` and `Bearer` before it, in any case.
fn without_scheme(text: &str) -> &str {
    let quoted = |character: char| character.is_whitespace() || matches!(character, '"' | '\'');
    let mut rest = text.trim();
    for word in ["authorization:", "bearer "] {
        let candidate = rest.trim_start_matches(quoted);
        // `get`, because the text may have any characters.
        if candidate.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)) {
            rest = candidate[word.len()..].trim_start();
        }
    }
    rest
}

fn is_in_milliseconds((name, value): (String, JsValue)) -> bool {
    matches!(name.as_str(), "exp" | "nbf" | "iat") && times::instant(&value).is_some_and(times::is_in_milliseconds)
}

fn is_private(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PRIVATE.iter().any(|private| name.contains(private))
}
