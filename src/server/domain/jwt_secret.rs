//! The secret of `JWT_SECRET`, and the rules for one.
//!
//! With HS256, HS384 and HS512 it signs tokens. With every algorithm, it encrypts the keys in the store.

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

use super::algorithm::Algorithm;

/// Bytes of a generated secret: enough for every algorithm.
pub const GENERATED_SECRET_BYTES: usize = 64;

/// Minimum bytes of a secret that only encrypts keys and signs nothing.
const MIN_SEALING_BYTES: usize = 32;

/// Secrets from tutorials and examples, including ours. Anyone can sign tokens with them. The list needs only those
/// that are long enough for HS256. Upper and lower case are the same.
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

/// Why a secret must not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitSecret {
    #[error("has fewer than {0} bytes")]
    TooShort(usize),
    #[error("is a PEM text, not a secret")]
    Pem,
    #[error("is printed in a tutorial")]
    Published,
    #[error("repeats one character")]
    Repetitive,
    #[error("is not base64 after `base64:`")]
    NotBase64,
}

/// A secret that passed the checks. No `Debug`.
pub struct JwtSecret(SecretSlice<u8>);

impl JwtSecret {
    /// Parses the setting: text, or `base64:` and binary. `algorithm`: the one for which the secret signs.
    ///
    /// # Errors
    /// [`UnfitSecret`].
    pub fn parse(setting: &SecretString, algorithm: Algorithm) -> Result<Self, UnfitSecret> {
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
        let at_least = algorithm.min_secret_bytes().max(MIN_SEALING_BYTES);
        if bytes.len() < at_least {
            return Err(UnfitSecret::TooShort(at_least));
        }
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(UnfitSecret::Repetitive);
        }
        Ok(Self(bytes.into()))
    }

    /// Returns random bytes in the form of the setting.
    #[must_use]
    pub fn setting_from_random(bytes: &[u8; GENERATED_SECRET_BYTES]) -> SecretString {
        setting(bytes)
    }

    /// Returns the bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// Derives a key for MACs. Every use has its own `purpose` (RFC 5869, section 3.2).
    ///
    /// # Panics
    /// Never: the length is that of the algorithm.
    #[must_use]
    pub fn mac_key(&self, purpose: &[u8]) -> hmac::Key {
        let (secret, purpose) = (Salt::new(HKDF_SHA256, &[]).extract(self.expose_bytes()), [purpose]);
        let expanded = secret.expand(&purpose, hmac::HMAC_SHA256).expect("32 bytes are within the bounds of HKDF");
        hmac::Key::from(expanded)
    }
}

/// Returns bytes in the form of the setting `JWT_SECRET`.
#[must_use]
pub fn setting(bytes: &[u8]) -> SecretString {
    format!("base64:{}", STANDARD.encode(bytes)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<UnfitSecret> {
        JwtSecret::parse(&text.into(), Algorithm::HS256).err()
    }

    #[test]
    fn a_secret_that_is_easy_to_guess_is_refused() {
        assert_eq!(refused(""), Some(UnfitSecret::TooShort(32)));
        assert_eq!(refused("secret"), Some(UnfitSecret::TooShort(32)));
        assert_eq!(refused("your-256-bit-secret"), Some(UnfitSecret::TooShort(32)));
        assert_eq!(refused("wxyz0123456789abcdefghijklmnop!"), Some(UnfitSecret::TooShort(32)));
        assert_eq!(refused(&"\0".repeat(32)), Some(UnfitSecret::Repetitive));
        assert_eq!(refused("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOC"), Some(UnfitSecret::Pem));
        assert_eq!(refused("A-string-secret-at-least-256-bits-long"), Some(UnfitSecret::Published));
        assert_eq!(refused("base64:%%%"), Some(UnfitSecret::NotBase64));
        assert_eq!(refused("base64:c2hvcnQ="), Some(UnfitSecret::TooShort(32)));
    }

    #[test]
    fn a_secret_has_as_many_bytes_as_the_hash_of_its_algorithm() {
        for (algorithm, bytes) in
            [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64), (Algorithm::EdDSA, 32)]
        {
            let text = &"0a1b2c3d4e5f6g7h8i9j".repeat(4);
            assert!(JwtSecret::parse(&text[..bytes].into(), algorithm).is_ok(), "{algorithm}");
            let short = JwtSecret::parse(&text[..bytes - 1].into(), algorithm).err();
            assert_eq!(short, Some(UnfitSecret::TooShort(bytes)), "{algorithm}");
        }
    }

    #[test]
    fn text_and_base64_of_the_same_bytes_are_one_secret() {
        let text = JwtSecret::parse(&"correct horse battery staple, 32+".into(), Algorithm::HS256).unwrap();
        let encoded = setting(b"correct horse battery staple, 32+");
        let binary = JwtSecret::parse(&encoded, Algorithm::HS256).unwrap();
        assert_eq!(text.expose_bytes(), binary.expose_bytes());

        let mut bytes = [7; GENERATED_SECRET_BYTES];
        bytes[0] = 0;
        assert!(JwtSecret::parse(&JwtSecret::setting_from_random(&bytes), Algorithm::HS512).is_ok());
    }
}
