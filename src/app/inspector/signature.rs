//! Checks the signature: with `WebCrypto`, and with a public key of this server or the typed key.

use js_sys::{Array, JSON, Object, Reflect, Uint8Array};
use leptos::prelude::window;
use leptos::web_sys::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{CryptoKey, SubtleCrypto};

use crate::app::inspector::elements;
use crate::app::inspector::verdict::Verdict;
use crate::app::unverified_jwt::{UnverifiedJwt, of_binary};

/// The name of a JWS algorithm in `WebCrypto`.
pub struct Scheme {
    name: &'static str,
    hash: &'static str,
    curve: &'static str,
    /// Bytes: of the salt (PS), of the shortest secret (HS).
    size: u32,
}

/// Returns the scheme of a header's `alg`; `None` for an algorithm that this server does not know, and for `none`.
pub fn scheme(alg: &str) -> Option<Scheme> {
    if alg == "EdDSA" || alg == "Ed25519" {
        return Some(Scheme { name: "Ed25519", hash: "SHA-512", curve: "Ed25519", size: 0 });
    }
    let (hash, size) = match alg.get(2..)? {
        "256" => ("SHA-256", 32),
        "384" => ("SHA-384", 48),
        "512" => ("SHA-512", 64),
        _ => return None,
    };
    let (name, curve) = match (alg.get(..2)?, size) {
        ("HS", _) => ("HMAC", ""),
        ("RS", _) => ("RSASSA-PKCS1-v1_5", ""),
        ("PS", _) => ("RSA-PSS", ""),
        ("ES", 32) => ("ECDSA", "P-256"),
        ("ES", 48) => ("ECDSA", "P-384"),
        _ => return None,
    };
    Some(Scheme { name, hash, curve, size })
}

/// Everything that a call of `WebCrypto` needs.
pub struct Attempt {
    subtle: SubtleCrypto,
    algorithm: Object,
    format: &'static str,
    key: Object,
    signature: Uint8Array,
    signed: Uint8Array,
    with: &'static str,
}

/// Prepares the call.
///
/// # Errors
/// The verdict, if there is nothing to ask.
pub fn attempt(jwt: &UnverifiedJwt, typed: &str) -> Result<Attempt, Verdict> {
    let header = jwt.header.as_ref().ok_or(Verdict::open("Not checked: the header cannot be read"))?;
    let alg = text(header, "alg").unwrap_or_default();
    let scheme = scheme(&alg).ok_or(Verdict::bad("There is no signature that this page could check"))?;
    let signature = jwt.signature.clone().filter(|signature| signature.length() > 0);
    let signature = signature.ok_or(Verdict::bad("There is no signature: anyone could have written this"))?;
    let (format, key, with) = key(header, &alg, scheme.name == "HMAC", typed)?;
    // Missing on a page that came without TLS from another computer.
    let subtle = window().crypto().ok().map(|crypto| crypto.subtle()).filter(|subtle| !subtle.is_undefined());
    let subtle = subtle.ok_or(Verdict::open("Not checked: browsers do cryptography on https pages only"))?;
    let signed = jwt.signed();
    let signed = Uint8Array::from(signed.as_bytes());
    Ok(Attempt { subtle, algorithm: scheme.algorithm(), format, key, signature, signed, with })
}

/// Returns whether the typed secret is shorter than the algorithm requires (RFC 7518, section 3.2).
pub fn is_too_short(jwt: &UnverifiedJwt, typed: &str) -> bool {
    let alg = jwt.header.as_ref().and_then(|header| text(header, "alg")).unwrap_or_default();
    let wanted = scheme(&alg).filter(|scheme| scheme.name == "HMAC").map_or(0, |scheme| scheme.size);
    !typed.is_empty() && secret(typed).length() < wanted
}

impl Attempt {
    /// Asks `WebCrypto`.
    pub async fn verdict(self) -> Verdict {
        let usages = Array::of1(&"verify".into());
        let imported =
            self.subtle.import_key_with_object(self.format, &self.key, &self.algorithm, false, &usages.into());
        let Ok(importing) = imported else { return UNUSABLE };
        let Ok(key) = importing.await else { return UNUSABLE };
        let key: CryptoKey = key.unchecked_into();
        let asked = self.subtle.verify_with_object_and_js_u8_array_and_js_u8_array(
            &self.algorithm,
            &key,
            &self.signature,
            &self.signed,
        );
        let Ok(verifying) = asked else { return UNUSABLE };
        match verifying.await.ok().and_then(|answer| answer.as_bool()) {
            Some(true) => Verdict::ok(self.with),
            Some(false) => Verdict::bad("The signature does not match this key and these letters"),
            None => UNUSABLE,
        }
    }
}

const UNUSABLE: Verdict = Verdict::open("Not checked: this browser cannot use this key for this algorithm");

/// Returns the key: format, data, and the words for a signature that fits.
fn key(
    header: &Object,
    alg: &str,
    is_secret: bool,
    typed: &str,
) -> Result<(&'static str, Object, &'static str), Verdict> {
    if typed.starts_with('{') {
        let jwk = JSON::parse(typed).map_err(|_| Verdict::open("Not checked: the typed text is not JSON"))?;
        return Ok(("jwk", public(&jwk), "Right for the key that was typed"));
    }
    if is_secret {
        if typed.is_empty() {
            return Err(Verdict::open("Not checked: type the secret; no one can check without it"));
        }
        return Ok(("raw", secret(typed).into(), "Right for the secret that was typed"));
    }
    let jwks = JSON::parse(&elements::fact("data-jwks")).unwrap_or(JsValue::NULL);
    let keys = Reflect::get(&jwks, &"keys".into()).map(|keys| Array::from(&keys)).unwrap_or_default();
    let kid = text(header, "kid");
    let found = keys.iter().find(|key| kid.is_some() && text(key, "kid") == kid);
    let found = found.ok_or(Verdict::open("Not checked: this server has no key of this kid; paste its JWK below"))?;
    if text(&found, "alg").as_deref() != Some(alg) {
        return Err(Verdict::bad("This key of the server is for another algorithm"));
    }
    Ok(("jwk", public(&found), "Right for a public key of this server"))
}

impl Scheme {
    /// Makes a JWK with every member that some algorithm needs: others ignore unknown members.
    fn algorithm(&self) -> Object {
        let algorithm = Object::new();
        let set = |name: &str, value: JsValue| _ = Reflect::set(&algorithm, &name.into(), &value);
        set("name", self.name.into());
        set("hash", self.hash.into());
        set("namedCurve", self.curve.into());
        set("saltLength", self.size.into());
        algorithm
    }
}

/// The public members of a JWK. `alg`, `use` and `key_ops` are checked here, because browsers differ in what they accept.
fn public(jwk: &JsValue) -> Object {
    let public = Object::new();
    for name in ["kty", "crv", "n", "e", "x", "y"] {
        if let Some(value) = text(jwk, name) {
            let _ = Reflect::set(&public, &name.into(), &value.into());
        }
    }
    public
}

/// Returns the bytes of a secret in the form of the setting `JWT_SECRET`: text, or `base64:` and binary.
fn secret(typed: &str) -> Uint8Array {
    let binary = typed.strip_prefix("base64:").and_then(|encoded| window().atob(encoded).ok());
    binary.map_or_else(|| Uint8Array::from(typed.as_bytes()), |binary| of_binary(&binary))
}

fn text(object: &JsValue, name: &str) -> Option<String> {
    Reflect::get(object, &name.into()).ok()?.as_string()
}
