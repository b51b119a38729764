//! Every algorithm of the contract, over HTTP; jsonwebtoken's verifier as a second opinion.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use handstamp::server::domain::algorithm::{Algorithm, Family};
use handstamp::server::domain::private_key::PrivateKey;
use handstamp::server::world::World;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, EncodingKey, Validation};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::harness::{TestApp, part};

const INVALID: &str = "401 invalid_token Invalid token";
const BAD_SIGNATURE: &str = "401 invalid_token Signature verification failed";

/// A server that signs with a key that the spec has too.
pub async fn with_key_file(folder: &Path, algorithm: Algorithm) -> (TestApp, PrivateKey) {
    let key = World::system().new_key(algorithm);
    let path = folder.join("key.pem");
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
    std::io::Write::write_all(&mut file, key.kept().expose_secret()).unwrap();
    let settings = [("JWT_ALGORITHM", algorithm.name()), ("JWT_PRIVATE_KEY_FILE", path.to_str().unwrap())];
    (TestApp::start_with(&settings).await, key)
}

/// Signs any content with the server's own key.
pub fn forge(key: &PrivateKey, header: &Value, claims: &Value) -> String {
    let pem = key.kept().expose_secret();
    let (encoding, algorithm) = match key.algorithm {
        Algorithm::EdDSA => (EncodingKey::from_ed_pem(pem), jsonwebtoken::Algorithm::EdDSA),
        Algorithm::ES256 => (EncodingKey::from_ec_pem(pem), jsonwebtoken::Algorithm::ES256),
        _ => (EncodingKey::from_rsa_pem(pem), jsonwebtoken::Algorithm::RS256),
    };
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &encoding.unwrap(), algorithm).unwrap();
    format!("{signed}.{signature}")
}

#[tokio::test]
async fn every_algorithm_signs_and_verifies_and_ends_at_sign_out() {
    for algorithm in Algorithm::ALL {
        let app = TestApp::start_with(&[("JWT_ALGORITHM", algorithm.name())]).await;
        let token = app.somebody("ada").await;
        assert_eq!(part(&token, 0)["alg"], algorithm.name());
        for _ in 0..2 {
            assert_eq!(app.protected(&token).await.status, 200, "{algorithm}");
        }
        for position in [5, token.find('.').unwrap() + 9, token.rfind('.').unwrap() + 9] {
            let mut bent = token.clone().into_bytes();
            bent[position] = if bent[position] == b'A' { b'B' } else { b'A' };
            let refused = app.protected(&String::from_utf8(bent).unwrap()).await;
            assert!(refused.error().starts_with("401 invalid_token"), "{algorithm}");
        }
        app.logout(&token).await;
        let refused = app.protected(&token).await.error();
        assert_eq!(refused, "401 token_revoked Token has been revoked", "{algorithm}");
    }
}

#[tokio::test]
async fn jsonwebtoken_itself_accepts_what_we_sign_with_the_keys_that_we_publish() {
    for algorithm in Algorithm::ALL {
        let app = TestApp::start_with(&[("JWT_ALGORITHM", algorithm.name())]).await;
        let token = app.somebody("ada").await;
        let header = jsonwebtoken::decode_header(&token).unwrap();
        let key = if algorithm.family() == Family::Secret {
            DecodingKey::from_secret(crate::harness::SECRET.as_bytes())
        } else {
            let keys: JwkSet = serde_json::from_str(&app.get("/.well-known/jwks.json").await.body).unwrap();
            DecodingKey::from_jwk(keys.find(header.kid.as_ref().unwrap()).unwrap()).unwrap()
        };
        let mut rules = Validation::new(algorithm.name().parse().unwrap());
        rules.set_audience(&["handstamp"]);
        rules.set_issuer(&["http://localhost:3000"]);
        // The specs' clock is behind the library's clock.
        rules.validate_exp = false;
        #[expect(clippy::disallowed_methods, reason = "a second opinion")]
        let claims = jsonwebtoken::decode::<Value>(&token, &key, &rules).unwrap().claims;
        assert_eq!(claims["username"], "ada", "{algorithm}");
    }
}

#[tokio::test]
async fn t19_the_key_set_holds_public_keys_and_never_a_secret() {
    for algorithm in Algorithm::ALL {
        let app = TestApp::start_with(&[("JWT_ALGORITHM", algorithm.name())]).await;
        let answer = app.get("/.well-known/jwks.json").await;
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        assert_eq!(answer.header("content-type"), Some("application/jwk-set+json"));
        let body = answer.json();
        let keys = body["keys"].as_array().unwrap();
        if algorithm.family() == Family::Secret {
            assert_eq!(answer.body, r#"{"keys":[]}"#, "{algorithm}");
            continue;
        }
        // The active one and the next.
        assert_eq!(keys.len(), 2, "{algorithm}");
        assert_ne!(keys[0]["kid"], keys[1]["kid"]);
        for key in keys {
            assert_eq!((&key["alg"], &key["use"]), (&algorithm.name().into(), &"sig".into()));
            let public = ["kty", "use", "alg", "kid", "n", "e", "crv", "x", "y"];
            assert!(key.as_object().unwrap().keys().all(|name| public.contains(&name.as_str())), "{key}");
        }
        if keys[0]["kty"] == "RSA" {
            assert_eq!(URL_SAFE_NO_PAD.decode(keys[0]["n"].as_str().unwrap()).unwrap().len(), 384, "3072 bits");
        }
    }
}

#[tokio::test]
async fn a2_a_public_key_is_never_used_as_a_secret() {
    // A classic attack: HS256 with the public key, which anyone has, as the secret.
    let folder = tempfile::tempdir().unwrap();
    let (app, key) = with_key_file(folder.path(), Algorithm::RS256).await;
    let token = app.somebody("ada").await;
    let jwk = serde_json::to_string(&key.public).unwrap();
    let modulus = serde_json::from_str::<Value>(&jwk).unwrap()["n"].as_str().unwrap().to_owned();
    let raw = URL_SAFE_NO_PAD.decode(&modulus).unwrap();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&raw));
    let secrets =
        [jwk.into_bytes(), modulus.into_bytes(), raw, pem.clone().into_bytes(), pem.replace('\n', "\r\n").into()];
    for secret in secrets {
        let mut header = part(&token, 0);
        header["alg"] = "HS256".into();
        let claims = token.split('.').nth(1).unwrap();
        let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(app.protected(&forged).await.error(), INVALID);
        // With the original header, the signature is wrong.
        let forged = format!("{}.{}", token.rsplit_once('.').unwrap().0, URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(app.protected(&forged).await.error(), BAD_SIGNATURE);
    }
    assert_eq!(app.protected(&token).await.status, 200);
}

#[tokio::test]
async fn t21_eddsa_has_one_name_here() {
    let folder = tempfile::tempdir().unwrap();
    let (app, key) = with_key_file(folder.path(), Algorithm::EdDSA).await;
    let token = app.somebody("ada").await;
    let (mut header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!(app.protected(&forge(&key, &header, &claims)).await.status, 200, "the control");
    for name in ["Ed25519", "Ed448", "eddsa", "HS256", "none", "RS256"] {
        header["alg"] = name.into();
        assert_eq!(app.protected(&forge(&key, &header, &claims)).await.error(), INVALID, "{name}");
    }
}

#[tokio::test]
async fn a14_revoking_a_token_revokes_the_second_spelling_of_its_ecdsa_signature_too() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _) = with_key_file(folder.path(), Algorithm::ES256).await;
    for (end_with, try_with) in [(0, 1), (1, 0)] {
        if end_with == 0 {
            app.add_user("ada").await;
        }
        let token = app.login("ada").await;
        let spellings = [token.clone(), second_spelling(&token)];
        assert_ne!(spellings[0], spellings[1]);
        assert_eq!(app.protected(&spellings[1]).await.status, 200, "before sign-out both are good signatures");
        app.logout(&spellings[end_with]).await;
        for spelling in [&spellings[try_with], &spellings[end_with]] {
            assert_eq!(app.protected(spelling).await.error(), "401 token_revoked Token has been revoked");
        }
    }
}

/// (r, n - s) instead of (r, s): also valid, and needs no key (ECDSA is malleable).
fn second_spelling(token: &str) -> String {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
        0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut borrow = 0;
    for index in (0..32).rev() {
        let difference = i16::from(ORDER[index]) - i16::from(signature[32 + index]) - borrow;
        borrow = i16::from(difference < 0);
        signature[32 + index] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn the_metadata_says_where_everything_is() {
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA"), ("PUBLIC_URL", "https://id.example.org")]).await;
    // The address is always the configured one, whatever the request contains.
    let headers = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    let answer = app.send("GET", "/.well-known/oauth-authorization-server", &headers, None).await;
    let metadata = answer.json();
    assert_eq!(metadata["issuer"], "https://id.example.org");
    assert_eq!(metadata["jwks_uri"], "https://id.example.org/.well-known/jwks.json");
    assert_eq!(metadata["introspection_endpoint"], "https://id.example.org/introspect");
    assert_eq!(metadata["revocation_endpoint"], "https://id.example.org/revoke");
    assert_eq!(metadata["access_token_signing_alg_values_supported"], serde_json::json!(["EdDSA"]));
    assert!(!answer.body.contains("evil"));
}

#[tokio::test]
async fn a_token_of_another_header_of_the_same_key_is_refused() {
    // RS256 and PS256 have the same key type: the key decides between them.
    let folder = tempfile::tempdir().unwrap();
    let (app, key) = with_key_file(folder.path(), Algorithm::PS256).await;
    let token = app.somebody("ada").await;
    let (mut header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!(header["alg"], "PS256");
    // `forge` signs with RS256.
    assert_eq!(app.protected(&forge(&key, &header, &claims)).await.error(), BAD_SIGNATURE);
    header["alg"] = "RS256".into();
    assert_eq!(app.protected(&forge(&key, &header, &claims)).await.error(), INVALID);
}
