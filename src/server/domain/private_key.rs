//! The private key, which signs: from a PEM file, newly made, or a secret. It knows its public key and its id.
//!
//! jsonwebtoken parses and signs. Nothing here is ever printed. In the store the key is encrypted (`sealing.rs`).

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use secrecy::{ExposeSecret as _, SecretSlice};

use super::algorithm::{Algorithm, Family};
use super::crypto;
use super::verification_key::{UnfitKey, VerificationKey};

/// A key that signs with one algorithm. No `Debug`.
pub struct PrivateKey {
    pub algorithm: Algorithm,
    /// The key id (`kid`). For a key pair: the thumbprint (RFC 7638). For a secret: 128 bits derived from it, which
    /// look random and are the same after a restart.
    pub id: String,
    encoding: EncodingKey,
    /// The public key as a JWK; `None` for a secret.
    pub public: Option<Jwk>,
    /// The form that is encrypted and kept: a secret as it is, a private key as PEM.
    kept: SecretSlice<u8>,
}

impl PrivateKey {
    /// Makes a key from a secret.
    ///
    /// # Errors
    /// [`UnfitKey`] if the algorithm does not use a secret, or needs a longer one.
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, UnfitKey> {
        if algorithm.family() != Family::Secret {
            return Err(UnfitKey::Kind(algorithm));
        }
        if secret.len() < algorithm.min_secret_bytes() {
            return Err(UnfitKey::TooSmall);
        }
        Ok(Self {
            algorithm,
            id: secret_id(secret),
            encoding: EncodingKey::from_secret(secret),
            public: None,
            kept: secret.to_vec().into(),
        })
    }

    /// Parses a private key in PEM: PKCS#8, or PKCS#1 for RSA.
    ///
    /// # Errors
    /// [`UnfitKey`].
    pub fn from_pem(algorithm: Algorithm, pem: &[u8]) -> Result<Self, UnfitKey> {
        use Algorithm::{ES256, ES384, EdDSA};
        let encoding = match algorithm {
            ES256 | ES384 => EncodingKey::from_ec_pem(pem),
            EdDSA => EncodingKey::from_ed_pem(pem),
            _ if algorithm.family() == Family::KeyPair => EncodingKey::from_rsa_pem(pem),
            _ => return Err(UnfitKey::Kind(algorithm)),
        };
        let encoding = encoding.map_err(|_| UnfitKey::Kind(algorithm))?;
        let mut public = crypto::public_half(&encoding, algorithm.of_library()).map_err(|_| UnfitKey::Damaged)?;
        let id = crypto::thumbprint(&public).map_err(|_| UnfitKey::Damaged)?;
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        // A key that cannot verify must not sign: the verification key checks sizes, curves and known weaknesses.
        VerificationKey::from_jwk(&public)?;
        Ok(Self { algorithm, id, encoding, public: Some(public), kept: pem.to_vec().into() })
    }

    /// Parses the form of [`Self::kept`].
    ///
    /// # Errors
    /// [`UnfitKey`].
    pub fn from_kept(algorithm: Algorithm, kept: &SecretSlice<u8>) -> Result<Self, UnfitKey> {
        match algorithm.family() {
            Family::Secret => Self::from_secret(algorithm, kept.expose_secret()),
            Family::KeyPair => Self::from_pem(algorithm, kept.expose_secret()),
        }
    }

    /// Returns the form to encrypt and keep.
    #[must_use]
    pub const fn kept(&self) -> &SecretSlice<u8> {
        &self.kept
    }

    /// Returns the key that verifies.
    ///
    /// # Errors
    /// [`UnfitKey`]. Never for a key that was parsed or made here.
    pub fn verification_key(&self) -> Result<VerificationKey, UnfitKey> {
        match &self.public {
            Some(jwk) => VerificationKey::from_jwk(jwk),
            None => VerificationKey::from_secret(self.algorithm, self.kept.expose_secret()),
        }
    }

    pub(super) const fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }
}

fn secret_id(secret: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"handstamp key id");
    URL_SAFE_NO_PAD.encode(&tag.as_ref()[..16])
}
