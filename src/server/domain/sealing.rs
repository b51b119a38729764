//! Encrypts private keys, the secrets of authenticator apps and mails for the store: AES-256-GCM with keys derived from
//! `JWT_SECRET` (NIST SP 800-38D; HKDF, RFC 5869).
//!
//! With the database alone, an attacker cannot sign anything, compute a code of an app, or read the link in a mail.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretSlice;

use super::jwt_secret::JwtSecret;

/// The purposes of the derived keys. Every use of the secret has its own text (RFC 5869, section 3.2).
const SIGNING_KEYS: &[u8] = b"handstamp: seal signing keys, 1";
const AUTHENTICATOR_SECRETS: &[u8] = b"handstamp: seal authenticator secrets, 1";
const MAILS: &[u8] = b"handstamp: seal mails, 1";

/// It cannot be decrypted: `JWT_SECRET` is a different one, or the row is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a kept key cannot be decrypted; JWT_SECRET may be another one than when it was encrypted")]
pub struct DoesNotOpen;

/// A key that encrypts keys. No `Debug`.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// Derives the key that encrypts signing keys.
    #[must_use]
    pub fn derive(secret: &JwtSecret) -> Self {
        Self::derive_for(secret, SIGNING_KEYS)
    }

    /// Derives the key that encrypts the secrets of authenticator apps.
    #[must_use]
    pub fn derive_for_authenticators(secret: &JwtSecret) -> Self {
        Self::derive_for(secret, AUTHENTICATOR_SECRETS)
    }

    /// Derives the key that encrypts mails.
    #[must_use]
    pub fn derive_for_mails(secret: &JwtSecret) -> Self {
        Self::derive_for(secret, MAILS)
    }

    /// # Panics
    /// Never: the lengths are those of the algorithms.
    fn derive_for(secret: &JwtSecret, purpose: &[u8]) -> Self {
        let secret = Salt::new(HKDF_SHA256, &[]).extract(secret.expose_bytes());
        let purpose = [purpose];
        let expanded = secret.expand(&purpose, &AES_256_GCM).expect("32 bytes are within the bounds of HKDF");
        Self(LessSafeKey::new(UnboundKey::from(expanded)))
    }

    /// Encrypts `plain`, bound to `id`: with another id, decryption fails. `nonce` is random. A store has few keys, and at most
    /// some million apps, so random nonces do not repeat (at most 2^32 for one key, NIST SP 800-38D, section 8.3).
    ///
    /// # Panics
    /// Never: a key is shorter than the limit of AES-GCM.
    #[must_use]
    pub fn seal(&self, plain: &[u8], id: &str, nonce: [u8; NONCE_LEN]) -> String {
        let mut sealed = plain.to_vec();
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(nonce_used, Aad::from(id), &mut sealed).expect("far below 64 GiB");
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
    }

    /// Decrypts the result of [`Self::seal`] for the same id.
    ///
    /// # Errors
    /// [`DoesNotOpen`].
    pub fn open(&self, sealed: &str, id: &str) -> Result<SecretSlice<u8>, DoesNotOpen> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| DoesNotOpen)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(DoesNotOpen)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.0.open_in_place(nonce, Aad::from(id), &mut sealed).map_err(|_| DoesNotOpen)?;
        Ok(plain.to_vec().into())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::server::domain::algorithm::Algorithm;

    fn sealing_key(secret: &str) -> SealingKey {
        SealingKey::derive(&JwtSecret::parse(&secret.into(), Algorithm::HS256).unwrap())
    }

    #[test]
    fn an_encrypted_key_decrypts_only_with_its_secret_and_its_id() {
        let key = sealing_key("the secret of this spec, and its own");
        let sealed = key.seal(b"private", "kid-1", [9; NONCE_LEN]);

        assert!(!sealed.contains("private"));
        assert_eq!(key.open(&sealed, "kid-1").unwrap().expose_secret(), b"private");
        assert_eq!(key.open(&sealed, "kid-2").err(), Some(DoesNotOpen));
        assert!(sealing_key("another secret, as long as the first").open(&sealed, "kid-1").is_err());
        assert!(key.open("", "kid-1").is_err());
        assert!(key.open(&sealed[..sealed.len() - 2], "kid-1").is_err());
        let secret = JwtSecret::parse(&"the secret of this spec, and its own".into(), Algorithm::HS256).unwrap();
        let for_authenticators = SealingKey::derive_for_authenticators(&secret);
        assert!(for_authenticators.open(&sealed, "kid-1").is_err(), "another purpose");
        assert!(SealingKey::derive_for_mails(&secret).open(&sealed, "kid-1").is_err(), "another purpose");
    }
}
