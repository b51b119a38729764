//! The lesson of the second tutorial: sign a token, verify a token. Its key opens nothing real.

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::algorithm::Algorithm;
use super::compact_jws::{CompactJws, HeaderBuffer, parse_object};
use super::crypto;
use super::jwt_secret::JwtSecret;
use super::unix_time::UnixTime;
use super::verification_key::{UnfitKey, VerificationKey};

/// The lesson's key (HS256). It is derived from `JWT_SECRET`, so that a restart does not change it. It is not in the
/// ring.
pub struct LessonKey {
    encoding: EncodingKey,
    verification: VerificationKey,
}

/// What is wrong with a token, in the words of the library in the tutorial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LessonError {
    #[error("Not enough segments")]
    Form,
    #[error("Invalid header")]
    Header,
    #[error("The specified alg value is not allowed")]
    Algorithm,
    #[error("Signature verification failed")]
    Signature,
    #[error("Invalid payload")]
    Payload,
    #[error("Signature has expired")]
    Expired,
    #[error("The token is not yet valid")]
    NotYet,
}

impl LessonKey {
    /// Derives the key.
    ///
    /// # Errors
    /// [`UnfitKey`]. Never for 32 bytes.
    pub fn derive(secret: &JwtSecret) -> Result<Self, UnfitKey> {
        use aws_lc_rs::hmac;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_bytes());
        let tag = hmac::sign(&key, b"handstamp: the lesson's key, 1");
        Ok(Self {
            encoding: EncodingKey::from_secret(tag.as_ref()),
            verification: VerificationKey::from_secret(Algorithm::HS256, tag.as_ref())?,
        })
    }

    /// Signs a token for the tutorial's mock user.
    ///
    /// # Errors
    /// Only if the signing library fails.
    pub fn sign(&self) -> Result<String, jsonwebtoken::errors::Error> {
        let user = json!({"id": 1, "username": "test"});
        crypto::sign(&Header::default(), &user, &self.encoding)
    }

    /// Returns the claims of a token that this key signed. Checks `exp` and `nbf` if the token has them.
    ///
    /// # Errors
    /// [`LessonError`].
    pub fn verify(&self, token: &str, now: UnixTime) -> Result<Map<String, Value>, LessonError> {
        let jws = CompactJws::parse(token).map_err(|_| LessonError::Form)?;
        let mut buffer = HeaderBuffer::default();
        let header = jws.header(&mut buffer).map_err(|_| LessonError::Header)?;
        if header.alg != self.verification.algorithm.name() {
            return Err(LessonError::Algorithm);
        }
        jws.check_signature(&self.verification).map_err(|_| LessonError::Signature)?;
        let claims: Option<Map<String, Value>> = jws.payload().ok().as_deref().and_then(parse_object);
        let claims = claims.ok_or(LessonError::Payload)?;
        let time = |name| match claims.get(name) {
            None => Ok(None),
            Some(value) => value.as_i64().map(UnixTime).map(Some).ok_or(LessonError::Payload),
        };
        if time("exp")?.is_some_and(|exp| now >= exp) {
            return Err(LessonError::Expired);
        }
        if time("nbf")?.is_some_and(|nbf| now < nbf) {
            return Err(LessonError::NotYet);
        }
        Ok(claims)
    }
}
