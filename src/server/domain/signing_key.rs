//! The key that signs and verifies our tokens, and what may be one.
//!
//! One key, one algorithm: HS256 here. The key decides; what a token's header says is compared with it, never obeyed.

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

/// Bytes an HS256 key must have: those of the hash (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// Bytes of a secret that the server generates for itself.
pub const GENERATED_SECRET_BYTES: usize = 64;

/// Secrets that stand in tutorials and examples, ours among them: everybody knows them, so that a token signed with one
/// proves nothing. Only those long enough to pass [`MIN_SECRET_BYTES`] need to be named; compared without case.
const PUBLISHED: [&str; 10] = [
    "a-string-secret-at-least-256-bits-long",
    "your-256-bit-secret-your-256-bit-secret",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "my-32-character-ultra-secure-and-ultra-long-secret",
    "this-is-a-very-long-secret-key-for-jwt",
    "change-me-to-a-long-random-string",
    "replace-this-with-32-random-bytes-from-openssl-rand",
    "0123456789abcdef0123456789abcdef",
    "secretsecretsecretsecretsecretsecret",
];

/// A secret that must not sign anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitSecret {
    #[error("has fewer than {MIN_SECRET_BYTES} bytes")]
    TooShort,
    #[error("is a PEM text, not a secret")]
    Pem,
    #[error("stands in a tutorial")]
    Published,
    #[error("repeats one character")]
    Repetitive,
    #[error("is not base64 after `base64:`")]
    NotBase64,
}

/// The HMAC secret of `JWT_SECRET`, checked.
pub struct JwtSecret(SecretSlice<u8>);

impl JwtSecret {
    /// Reads the setting: text, or `base64:` and binary.
    ///
    /// # Errors
    /// [`UnfitSecret`].
    pub fn parse(setting: &SecretString) -> Result<Self, UnfitSecret> {
        let text = setting.expose_secret();
        if text.trim_start().starts_with("-----BEGIN") {
            return Err(UnfitSecret::Pem);
        }
        let bytes = match text.strip_prefix("base64:") {
            Some(encoded) => STANDARD.decode(encoded.trim()).map_err(|_| UnfitSecret::NotBase64)?,
            None => text.as_bytes().to_vec(),
        };
        if PUBLISHED.iter().any(|known| bytes.eq_ignore_ascii_case(known.as_bytes())) {
            return Err(UnfitSecret::Published);
        }
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(UnfitSecret::TooShort);
        }
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(UnfitSecret::Repetitive);
        }
        Ok(Self(bytes.into()))
    }

    /// Writes random bytes as a setting.
    #[must_use]
    pub fn setting_from_random(bytes: &[u8; GENERATED_SECRET_BYTES]) -> SecretString {
        format!("base64:{}", STANDARD.encode(bytes)).into()
    }
}

/// A key ready for use, prepared once.
pub struct SigningKey {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    /// The algorithm as a token's header must name it.
    pub(super) algorithm_name: &'static str,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
}

impl SigningKey {
    /// The HS256 key of this secret.
    #[must_use]
    pub fn hs256(secret: &JwtSecret) -> Self {
        let bytes = secret.0.expose_secret();
        Self {
            id: key_id(bytes),
            algorithm: Algorithm::HS256,
            algorithm_name: "HS256",
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
        }
    }
}

/// The key id (`kid`) of a secret: as good as random to everybody who does not know it, the same after a restart.
fn key_id(secret: &[u8]) -> String {
    use aws_lc_rs::hmac;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"handstamp key id");
    URL_SAFE_NO_PAD.encode(&tag.as_ref()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<UnfitSecret> {
        JwtSecret::parse(&text.into()).err()
    }

    #[test]
    fn a_secret_that_anybody_could_guess_is_refused() {
        assert_eq!(refused(""), Some(UnfitSecret::TooShort));
        assert_eq!(refused("secret"), Some(UnfitSecret::TooShort));
        assert_eq!(refused("your-256-bit-secret"), Some(UnfitSecret::TooShort));
        assert_eq!(refused("wxyz0123456789abcdefghijklmnop!"), Some(UnfitSecret::TooShort));
        assert_eq!(refused(&"\0".repeat(32)), Some(UnfitSecret::Repetitive));
        assert_eq!(refused("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOC"), Some(UnfitSecret::Pem));
        assert_eq!(refused("A-string-secret-at-least-256-bits-long"), Some(UnfitSecret::Published));
        assert_eq!(refused("base64:%%%"), Some(UnfitSecret::NotBase64));
        assert_eq!(refused("base64:c2hvcnQ="), Some(UnfitSecret::TooShort));
    }

    #[test]
    fn text_and_base64_of_the_same_bytes_are_one_key() {
        let text = SigningKey::hs256(&JwtSecret::parse(&"correct horse battery staple, 32+".into()).unwrap());
        let encoded = format!("base64:{}", STANDARD.encode("correct horse battery staple, 32+"));
        let binary = SigningKey::hs256(&JwtSecret::parse(&encoded.as_str().into()).unwrap());

        assert_eq!(text.id, binary.id);
        let mut bytes = [7; GENERATED_SECRET_BYTES];
        bytes[0] = 0;
        assert!(JwtSecret::parse(&JwtSecret::setting_from_random(&bytes)).is_ok());
    }
}
