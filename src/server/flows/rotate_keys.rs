//! Rotates and retires signing keys. Other processes follow within `FOLLOW_EVERY`.

use super::follow_keys::follow_keys;
use super::settle_keys::KeysError;
use crate::server::domain::kept_keys::{self, CannotRotate, KeptKey, KeyState};
use crate::server::state::AppState;
use crate::server::store::{Store, StoreError};

/// The next key signs from now on, the active one verifies until its last token has expired. Unless `hurry`, the next
/// key must have been published as long as others may keep our JWKS.
///
/// # Errors
/// [`KeysError`]; then nothing was changed.
pub async fn rotate_keys(state: &AppState, hurry: bool) -> Result<(), KeysError> {
    change(state, |keys, fresh| kept_keys::rotate(keys, fresh, &state.key_settings.wanted(), hurry, state.world.now()))
        .await
}

/// Takes one key out of use. `at_once`: its tokens are refused from now on, and nobody else's.
///
/// # Errors
/// [`KeysError`]; then nothing was changed.
pub async fn retire_key(state: &AppState, id: &str, at_once: bool) -> Result<(), KeysError> {
    change(state, |keys, fresh| {
        kept_keys::retire(keys, id, fresh, &state.key_settings.wanted(), at_once, state.world.now())
    })
    .await
}

/// Takes all keys out of use at once, also such as do not open any more; the next start makes new ones.
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
    transition: impl Fn(Vec<KeptKey>, KeptKey) -> Result<Vec<KeptKey>, CannotRotate>,
) -> Result<(), KeysError> {
    let fresh = state.key_settings.make(&state.world, KeyState::Next);
    loop {
        let (version, keys) = state.store.list_signing_keys().await?;
        let keys = transition(keys, fresh.clone())?;
        // Opened before it is kept: a ring that does not open would stop every server.
        state.key_settings.open(version + 1, &keys)?;
        if state.store.replace_signing_keys(version, &keys).await? {
            return follow_keys(state).await;
        }
    }
}
