//! Shows what of a key others need: its public half, or, where it is a secret that is shared, the secret.

use jsonwebtoken::jwk::Jwk;
use secrecy::{ExposeSecret as _, SecretString};

use super::settle_keys::KeysError;
use crate::server::domain::jwt_secret;
use crate::server::domain::kept_keys::{CannotRotate, KeptKey};
use crate::server::domain::key_ring::RingError;
use crate::server::state::AppState;

/// What others need to verify with.
pub enum Shown {
    Public(Box<Jwk>),
    /// As the setting `JWT_SECRET` is written.
    Secret(SecretString),
    /// `JWT_SECRET` itself. Refresh tokens and the seals of other keys are made from it: it is not for others.
    Given,
}

/// What others need of the key with this id. Private halves are never shown.
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
