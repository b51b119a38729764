//! Shows the part of a key that other services need: the public key, or the secret if it is shared.

use jsonwebtoken::jwk::Jwk;
use secrecy::{ExposeSecret as _, SecretString};

use super::settle_keys::KeysError;
use crate::server::domain::jwt_secret;
use crate::server::domain::kept_keys::{CannotRotate, KeptKey};
use crate::server::domain::key_ring::RingError;
use crate::server::state::AppState;

/// The part of a key that verifies.
pub enum Shown {
    Public(Box<Jwk>),
    /// In the form of the setting `JWT_SECRET`.
    Secret(SecretString),
    /// `JWT_SECRET` itself. Refresh tokens and the encryption of other keys are derived from it, so it must not be
    /// shared.
    Given,
}

/// Returns the part of this key that other services need. Never a private key.
///
/// # Errors
/// [`KeysError`].
pub async fn show_key(state: &AppState, id: &str) -> Result<Shown, KeysError> {
    let (_, keys) = state.store.list_signing_keys().await?;
    let key = keys.into_iter().find(|key| key.id == id).ok_or(CannotRotate::NoSuchKey)?;
    Ok(match key {
        KeptKey { public: Some(public), .. } => Shown::Public(Box::new(public)),
        KeptKey { sealed: Some(sealed), id, .. } => {
            let secret = state.key_settings.sealing.open(&sealed, &id).map_err(RingError::from)?;
            Shown::Secret(jwt_secret::setting(secret.expose_secret()))
        }
        _ => Shown::Given,
    })
}
