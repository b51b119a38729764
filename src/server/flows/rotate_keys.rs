//! Rotates and retires signing keys. Other processes follow within half a second.

use tracing::info;

use super::actor::Actor;
use super::follow_keys::follow_keys;
use super::settle_keys::KeysError;
use crate::server::domain::kept_keys::{self, CannotRotate, KeptKey, KeyState};
use crate::server::domain::key_ring::RingError;
use crate::server::domain::security_event::EventKind;
use crate::server::state::AppState;
use crate::server::store::{Store, StoreError};

/// Lets the next key sign from now on. The active one verifies until its last token has expired. Without `hurry`, the
/// next key must have been published as long as other services may keep our JWKS.
///
/// # Errors
/// [`KeysError`]; then nothing was changed.
pub async fn rotate_keys(state: &AppState, hurry: bool, by: &Actor) -> Result<(), KeysError> {
    change(state, by, |keys| kept_keys::rotate(keys, &state.key_settings.wanted(), hurry, state.world.now())).await?;
    info!(by = %by.name(), hurry, "Rotated the signing keys");
    follow_keys(state).await
}

/// Takes one key out of use. With `at_once`, its tokens, and only these, are rejected from now on. Otherwise the key
/// that replaces it must have been published, as in [`rotate_keys`].
///
/// # Errors
/// [`KeysError`]; then nothing was changed.
pub async fn retire_key(state: &AppState, id: &str, at_once: bool, by: &Actor) -> Result<(), KeysError> {
    change(state, by, |keys| kept_keys::retire(keys, id, &state.key_settings.wanted(), at_once, state.world.now()))
        .await?;
    info!(by = %by.name(), key.id = id, at_once, "Retired a signing key");
    follow_keys(state).await
}

/// Takes all keys out of use at once, also those that cannot be decrypted any more. The next start makes new ones.
///
/// # Errors
/// [`StoreError`]; then nothing was changed.
pub async fn retire_all_keys(store: &Store) -> Result<(), StoreError> {
    loop {
        let (version, mut keys) = store.list_signing_keys().await?;
        keys.retain(|key| key.sealed.is_none());
        for key in &mut keys {
            key.state = KeyState::Barred;
        }
        if store.replace_signing_keys(version, &keys).await? {
            return Ok(());
        }
    }
}

async fn change(
    state: &AppState,
    by: &Actor,
    transition: impl Fn(Vec<KeptKey>) -> Result<Vec<KeptKey>, CannotRotate>,
) -> Result<(), KeysError> {
    let settings = &state.key_settings;
    let told = by.own_event(state, EventKind::KeysRotated);
    loop {
        let (version, keys) = state.store.list_signing_keys().await?;
        // A ring made with other settings belongs to the server with those settings: our key in it would stop every
        // server.
        let active = kept_keys::active(&keys).ok_or(RingError::NoActive)?;
        if active.algorithm != settings.algorithm {
            return Err(RingError::AnotherAlgorithm { kept: active.algorithm, wanted: settings.algorithm }.into());
        }
        settings.check_seals(&keys).map_err(RingError::from)?;
        let mut keys = transition(keys)?;
        let missing = kept_keys::missing(&keys);
        settings.fill(&state.world, &mut keys, missing).await;
        // Decrypted before it is stored, for the same reason.
        settings.open(version + 1, &keys)?;
        if state.store.replace_signing_keys_by(version, &keys, told.as_ref()).await? {
            return Ok(());
        }
    }
}
