//! What of jsonwebtoken needs a crypto provider, and that this is the one that we chose.
//!
//! jsonwebtoken takes a provider for the whole process, once. If nobody installs one, its crate features choose: with
//! exactly one provider compiled in, that one; with two, a provider that panics at every call. One dependency that turns on
//! the feature of the other provider is enough for that. So ours is installed before each use, and a start that finds
//! another one installed is refused. This is the only file that calls a function of jsonwebtoken which uses a provider.

use std::sync::OnceLock;

use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::errors::Error;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

/// Something in this process has installed a crypto provider before us, or has used jsonwebtoken without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("jsonwebtoken has another crypto provider than aws-lc-rs")]
pub struct AnotherProvider;

/// Installs our provider for the whole process, once; later calls answer as the first did.
///
/// # Errors
/// [`AnotherProvider`].
pub fn install() -> Result<(), AnotherProvider> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    let ours = *INSTALLED.get_or_init(|| aws_lc::DEFAULT_PROVIDER.install_default().is_ok());
    if ours { Ok(()) } else { Err(AnotherProvider) }
}

/// A signed token, as text.
pub(super) fn sign(header: &Header, claims: &impl Serialize, key: &EncodingKey) -> Result<String, Error> {
    ours();
    jsonwebtoken::encode(header, claims, key)
}

/// The public half of a private key.
pub(super) fn public_half(key: &EncodingKey, algorithm: Algorithm) -> Result<Jwk, Error> {
    ours();
    Jwk::from_encoding_key(key, algorithm)
}

/// The thumbprint of a public key (RFC 7638).
pub(super) fn thumbprint(key: &Jwk) -> Result<String, Error> {
    ours();
    key.thumbprint(ThumbprintHash::SHA256)
}

/// A key can be made and used before anything starts. The start refuses to go on where this failed.
fn ours() {
    let _ = install();
}
