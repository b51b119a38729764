//! Takes a token apart for display. It verifies nothing: a readable token says nothing about its author.
//!
//! Uses the browser's own base64 and JSON; runs only in the browser.

use js_sys::{Array, JSON, Object, Uint8Array};
use leptos::prelude::window;
use leptos::web_sys::wasm_bindgen::JsValue;

/// A text with dots in it.
pub struct UnverifiedJwt {
    /// All parts; a signed token has three.
    pub parts: Vec<String>,
    pub header: Option<Object>,
    pub claims: Option<Object>,
    pub signature: Option<Uint8Array>,
}

impl UnverifiedJwt {
    /// Takes any text apart.
    pub fn read(text: &str) -> Self {
        let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
        let object = |index: usize| parts.get(index).and_then(|part| object(part));
        Self { header: object(0), claims: object(1), signature: parts.get(2).and_then(|part| bytes(part)), parts }
    }

    /// Returns what the signature covers: the first two parts as they were written.
    pub fn signed(&self) -> String {
        self.parts.get(..2).unwrap_or_default().join(".")
    }
}

/// Returns the bytes of a part: base64url without padding, unused bits zero, and no other spelling (RFC 7515, section 2).
pub fn bytes(part: &str) -> Option<Uint8Array> {
    if part.bytes().any(|byte| matches!(byte, b'+' | b'/' | b'=')) {
        return None;
    }
    let standard = part.replace('-', "+").replace('_', "/");
    let binary = window().atob(&standard).ok()?;
    // The browser ignores unused bits; writing the bytes again shows what the bits must be.
    let again = window().btoa(&binary).ok()?;
    (again.trim_end_matches('=') == standard).then(|| of_binary(&binary))
}

/// The bytes, which the browser wrote as one character each.
pub fn of_binary(binary: &str) -> Uint8Array {
    let bytes: Vec<u8> = binary.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(0)).collect();
    Uint8Array::from(bytes.as_slice())
}

/// Returns the name and value of every member.
pub fn members(object: &Object) -> impl Iterator<Item = (String, JsValue)> + use<> {
    Object::entries(object).into_iter().map(|entry| {
        let entry = Array::from(&entry);
        (entry.get(0).as_string().unwrap_or_default(), entry.get(1))
    })
}

/// Returns a value as JSON writes it.
pub fn json(value: &JsValue) -> String {
    JSON::stringify(value).ok().map(String::from).unwrap_or_default()
}

/// Returns a value as JSON writes it, one member a line.
pub fn pretty_json(value: &JsValue) -> String {
    JSON::stringify_with_replacer_and_space(value, &JsValue::NULL, &2.into()).ok().map(String::from).unwrap_or_default()
}

fn object(part: &str) -> Option<Object> {
    let bytes = bytes(part)?.to_vec();
    let value = JSON::parse(std::str::from_utf8(&bytes).ok()?).ok()?;
    (value.is_object() && !Array::is_array(&value)).then(|| value.into())
}
