//! Public test vectors (C2SP/wycheproof, JSON Web Signature and JSON Web Key) against our own verifier.
//!
//! Read from `WYCHEPROOF_DIR`, by default `../shared/vectors`. If that is missing, the spec prints this and passes.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use handstamp::server::domain::algorithm::Algorithm;
use handstamp::server::domain::compact_jws::{CompactJws, HeaderBuffer};
use handstamp::server::domain::refused::Check;
use handstamp::server::domain::verification_key::VerificationKey;
use serde_json::Value;

/// Vectors labelled wrongly, as `wycheproof_expectations.json` explains: the same token is valid once and invalid
/// twice (ignored); a `?` inside is called valid, a key of PS256 is said to verify PS384, P-521 is misspelt (refused).
const LABELLED_TWICE: [u64; 2] = [367, 370];
const MUST_BE_REFUSED: [u64; 6] = [346, 347, 350, 351, 372, 373];

fn vectors(name: &str) -> Option<Value> {
    let folder = folder();
    let path = folder.join(name);
    let Ok(text) = fs::read_to_string(&path) else {
        let said =
            format!("{} is not there: the Wycheproof vectors were not tried; set WYCHEPROOF_DIR", path.display());
        // Written directly: cargo hides the output of `println!` and `eprintln!` of a spec that passes.
        let _ = writeln!(std::io::stderr(), "{said}");
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "not a setting of the server, but of its specs")]
fn folder() -> PathBuf {
    std::env::var_os("WYCHEPROOF_DIR")
        .map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/vectors").into(), PathBuf::from)
}

/// A key of a vector. There, secrets are in a JWK; ours never are.
fn key(jwk: &Value) -> Option<VerificationKey> {
    if jwk["kty"] == "oct" {
        let algorithm = Algorithm::from_name(jwk["alg"].as_str()?)?;
        return VerificationKey::from_secret(algorithm, &URL_SAFE_NO_PAD.decode(jwk["k"].as_str()?).ok()?).ok();
    }
    VerificationKey::from_jwk(&serde_json::from_value(jwk.clone()).ok()?).ok()
}

/// Does what `TokenRules::verify` does up to the claims. The payload in these vectors is not JSON, and they have no
/// `typ`.
fn accepts(key: &VerificationKey, token: &str) -> Result<(), Check> {
    let jws = CompactJws::parse(token)?;
    let mut buffer = HeaderBuffer::default();
    let header = jws.header(&mut buffer)?;
    if header.alg != key.algorithm.name() {
        return Err(Check::Algorithm);
    }
    jws.check_signature(key)?;
    jws.payload().map(drop)
}

#[test]
fn signatures_are_judged_as_the_vectors_say() {
    let Some(vectors) = vectors("wycheproof_json_web_signature_test.json") else { return };
    let (mut refused, mut accepted) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let jwk = group.get("public").unwrap_or(&group["private"]);
        let key = key(jwk);
        for test in group["tests"].as_array().unwrap() {
            let id = test["tcId"].as_u64().unwrap();
            if LABELLED_TWICE.contains(&id) {
                continue;
            }
            let good = key.as_ref().is_some_and(|key| accepts(key, test["jws"].as_str().unwrap_or_default()).is_ok());
            let should = test["result"] == "valid" && !MUST_BE_REFUSED.contains(&id);
            assert_eq!(good, should, "vector {id}: {}", test["comment"]);
            if good { accepted += 1 } else { refused += 1 }
        }
    }
    assert_eq!((accepted, refused), (40, 359));
}

#[test]
fn keys_are_judged_as_the_vectors_say() {
    let Some(vectors) = vectors("wycheproof_json_web_key_test.json") else { return };
    let (mut refused, mut accepted) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let set = group["private"]["keys"].as_array().unwrap();
        for test in group["tests"].as_array().unwrap() {
            let good = ring_accepts(set, test["jws"].as_str().unwrap());
            assert_eq!(good, test["result"] == "valid", "vector {}: {}", test["tcId"], test["comment"]);
            if good { accepted += 1 } else { refused += 1 }
        }
    }
    assert_eq!((accepted, refused), (5, 21));
}

/// A set of keys with the rules of our ring: every key is fit, one family, no duplicate key id.
fn ring_accepts(set: &[Value], token: &str) -> bool {
    let keys: Option<Vec<_>> = set.iter().map(|jwk| Some((jwk["kid"].as_str()?, key(jwk)?))).collect();
    let Some(keys) = keys else { return false };
    let one_family = keys.iter().all(|(_, key)| key.algorithm.family() == keys[0].1.algorithm.family());
    let mut buffer = HeaderBuffer::default();
    let Ok(header) = CompactJws::parse(token).and_then(|jws| jws.header(&mut buffer)) else { return false };
    let mut named = keys.iter().filter(|(id, _)| header.kid == Some(id));
    let (first, twice) = (named.next(), named.next());
    one_family && twice.is_none() && first.is_some_and(|(_, key)| accepts(key, token).is_ok())
}
