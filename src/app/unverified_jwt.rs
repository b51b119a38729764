//! Takes a token apart for display. Verifies nothing: that a token can be read says nothing about who wrote it.
//!
//! By the browser's own base64 and JSON; runs in the browser alone.

use js_sys::{Array, JSON, Object, Uint8Array};
use leptos::prelude::window;
use leptos::web_sys::wasm_bindgen::JsValue;

/// A text with dots in it.
pub struct UnverifiedJwt {
    /// As many as there are; a signed token has three.
    pub parts: Vec<String>,
    pub header: Option<Object>,
    pub claims: Option<Object>,
    pub signature: Option<Uint8Array>,
}

impl UnverifiedJwt {
    /// Takes the text apart, whatever it is.
    pub fn read(text: &str) -> Self {
        let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
        let object = |index: usize| parts.get(index).and_then(|part| object(part));
        Self { header: object(0), claims: object(1), signature: parts.get(2).and_then(|part| bytes(part)), parts }
    }

    /// What the signature is made over: the first two parts as they were written.
    pub fn signed(&self) -> String {
        self.parts.get(..2).unwrap_or_default().join(".")
    }
}

/// The bytes of a part: base64url without padding and with unused bits zero, and no other spelling (RFC 7515, section 2).
pub fn bytes(part: &str) -> Option<Uint8Array> {
    if part.bytes().any(|byte| matches!(byte, b'+' | b'/' | b'=')) {
        return None;
    }
    let standard = part.replace('-', "+").replace('_', "/");
    let binary = window().atob(&standard).ok()?;
    // The browser forgives unused bits; what they should have been shows when it writes the bytes again.
    let again = window().btoa(&binary).ok()?;
    (again.trim_end_matches('=') == standard).then(|| of_binary(&binary))
}

/// Bytes that the browser wrote as one character each.
pub fn of_binary(binary: &str) -> Uint8Array {
    let bytes: Vec<u8> = binary.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(0)).collect();
    Uint8Array::from(bytes.as_slice())
}

/// The name and value of every member.
pub fn members(object: &Object) -> impl Iterator<Item = (String, JsValue)> + use<> {
    Object::entries(object).into_iter().map(|entry| {
        let entry = Array::from(&entry);
        (entry.get(0).as_string().unwrap_or_default(), entry.get(1))
    })
}

/// A value as JSON writes it.
pub fn json(value: &JsValue) -> String {
    JSON::stringify(value).ok().map(String::from).unwrap_or_default()
}

/// A value as JSON writes it, a member a line.
pub fn pretty_json(value: &JsValue) -> String {
    JSON::stringify_with_replacer_and_space(value, &JsValue::NULL, &2.into()).ok().map(String::from).unwrap_or_default()
}

fn object(part: &str) -> Option<Object> {
    let bytes = bytes(part)?.to_vec();
    let value = JSON::parse(std::str::from_utf8(&bytes).ok()?).ok()?;
    (value.is_object() && !Array::is_array(&value)).then(|| value.into())
}
