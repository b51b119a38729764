//! The key that verifies, prepared once: parsed, checked, bound to its algorithm.
//!
//! Uses aws-lc-rs directly and keeps its parsed keys: jsonwebtoken builds a new verifier for every token.

use aws_lc_rs::hmac;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters, VerificationAlgorithm};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};

use super::algorithm::{Algorithm, Family};

/// Bytes of the smallest allowed RSA modulus: 2048 bits (NIST SP 800-131A).
const MIN_RSA_BYTES: usize = 256;

/// Why a key must not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitKey {
    #[error("is not a key for {0}")]
    Kind(Algorithm),
    #[error("has no known algorithm")]
    Algorithm,
    #[error("is not meant for signatures")]
    Use,
    #[error("is too small for its algorithm")]
    TooSmall,
    #[error("comes from a generator that is known to be broken (ROCA)")]
    Weak,
    #[error("is damaged")]
    Damaged,
}

/// A key that verifies signatures of one algorithm. No `Debug`: it may be a secret.
pub struct VerificationKey {
    pub algorithm: Algorithm,
    prepared: Prepared,
}

enum Prepared {
    Secret(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl VerificationKey {
    /// Makes a key from a secret.
    ///
    /// # Errors
    /// [`UnfitKey`].
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, UnfitKey> {
        let hash = match algorithm {
            Algorithm::HS256 => hmac::HMAC_SHA256,
            Algorithm::HS384 => hmac::HMAC_SHA384,
            Algorithm::HS512 => hmac::HMAC_SHA512,
            _ => return Err(UnfitKey::Kind(algorithm)),
        };
        if secret.len() < algorithm.min_secret_bytes() {
            return Err(UnfitKey::TooSmall);
        }
        Ok(Self { algorithm, prepared: Prepared::Secret(Box::new(hmac::Key::new(hash, secret))) })
    }

    /// Makes a key from a public key (RFC 7517). Its `alg` is the algorithm; `use` and `key_ops`, if present, must
    /// allow verifying.
    ///
    /// # Errors
    /// [`UnfitKey`], also for a secret in a JWK: it is not a public key.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, UnfitKey> {
        let named = jwk.common.key_algorithm.ok_or(UnfitKey::Algorithm)?;
        let algorithm = Algorithm::from_name(&named.to_string()).ok_or(UnfitKey::Algorithm)?;
        let meant = jwk.common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
        let allowed = jwk.common.key_operations.as_ref();
        if !meant || !allowed.is_none_or(|allowed| allowed.contains(&KeyOperations::Verify)) {
            return Err(UnfitKey::Use);
        }
        let prepared = match (&jwk.algorithm, algorithm.family()) {
            (AlgorithmParameters::RSA(key), Family::KeyPair) => rsa(algorithm, &decode(&key.n)?, &decode(&key.e)?)?,
            (AlgorithmParameters::EllipticCurve(key), Family::KeyPair) => {
                let (curve, scheme, coordinate): (_, &'static dyn VerificationAlgorithm, _) = match algorithm {
                    Algorithm::ES256 => (EllipticCurve::P256, &signature::ECDSA_P256_SHA256_FIXED, 32),
                    Algorithm::ES384 => (EllipticCurve::P384, &signature::ECDSA_P384_SHA384_FIXED, 48),
                    _ => return Err(UnfitKey::Kind(algorithm)),
                };
                let (x, y) = (decode(&key.x)?, decode(&key.y)?);
                if key.curve != curve || x.len() != coordinate || y.len() != coordinate {
                    return Err(UnfitKey::Kind(algorithm));
                }
                // Uncompressed point (SEC 1, section 2.3.3); aws-lc checks that it is on the curve.
                parsed(scheme, &[&[4], &x[..], &y[..]].concat())?
            }
            (AlgorithmParameters::OctetKeyPair(key), Family::KeyPair)
                if algorithm == Algorithm::EdDSA && key.curve == EllipticCurve::Ed25519 =>
            {
                parsed(&signature::ED25519, &decode(&key.x)?)?
            }
            _ => return Err(UnfitKey::Kind(algorithm)),
        };
        Ok(Self { algorithm, prepared })
    }

    /// Returns whether `signature` was made with this key over `signed`.
    #[must_use]
    pub fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match &self.prepared {
            Prepared::Secret(key) => hmac::verify(key, signed, signature).is_ok(),
            Prepared::Public(key) => key.verify_sig(signed, signature).is_ok(),
        }
    }
}

fn rsa(algorithm: Algorithm, modulus: &[u8], exponent: &[u8]) -> Result<Prepared, UnfitKey> {
    let scheme: &'static RsaParameters = match algorithm {
        Algorithm::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return Err(UnfitKey::Kind(algorithm)),
    };
    if modulus.len() < MIN_RSA_BYTES {
        return Err(UnfitKey::TooSmall);
    }
    if has_the_mark_of_roca(modulus) {
        return Err(UnfitKey::Weak);
    }
    let key = PublicKeyComponents { n: modulus, e: exponent }.to_parsed_public_key(scheme);
    key.map(Prepared::Public).map_err(|_| UnfitKey::Damaged)
}

fn parsed(scheme: &'static dyn VerificationAlgorithm, key: &[u8]) -> Result<Prepared, UnfitKey> {
    ParsedPublicKey::new(scheme, key).map(Prepared::Public).map_err(|_| UnfitKey::Damaged)
}

fn decode(text: &str) -> Result<Vec<u8>, UnfitKey> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| UnfitKey::Damaged)
}

/// Returns whether a modulus looks like those of Infineon's chips (CVE-2017-15361): modulo every small prime it is a
/// power of 65537. Fewer than one in 2^27 good moduli look like that; such a key must be replaced.
fn has_the_mark_of_roca(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.into_iter().all(|prime| {
        let residue = modulus.iter().fold(0, |residue, byte| (residue * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * 65537 % prime;
            power == residue
        })
    })
}
