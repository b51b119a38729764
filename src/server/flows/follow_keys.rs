//! Follows the store's keys: what `handstamp key rotate` and other processes change, this one takes over soon after.

use std::sync::Arc;

use tracing::info;

use super::settle_keys::{KeysError, settle_keys};
use crate::server::state::AppState;

/// Takes over the keys if they have changed. A ring that is replaced takes its remembered tokens with it.
///
/// # Errors
/// [`KeysError`]; the ring stays as it was.
pub async fn follow_keys(state: &AppState) -> Result<(), KeysError> {
    if state.store.signing_keys_version().await? == state.keys.load().version {
        return Ok(());
    }
    let (version, keys) = state.store.list_signing_keys().await?;
    let ring = state.key_settings.open(version, &keys)?;
    info!(key.id = %ring.active().id, "The keys have changed; this one signs");
    state.keys.store(Arc::new(ring));
    Ok(())
}

/// Removes the keys that are over, and keeps the ring complete.
///
/// # Errors
/// [`KeysError`]; the ring stays as it was.
pub async fn tidy_keys(state: &AppState) -> Result<(), KeysError> {
    let ring = settle_keys(&state.store, &state.world, &state.key_settings).await?;
    if ring.version != state.keys.load().version {
        state.keys.store(Arc::new(ring));
    }
    Ok(())
}
