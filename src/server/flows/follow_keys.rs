//! Follows the store's keys: changes by `handstamp key rotate` and by other processes reach this process soon after.
//!
//! A ring with another algorithm than the settings is left alone, in the store and in memory. A server does not start beside
//! one with another `JWT_ALGORITHM` (`presence.rs`), but a server of an earlier version does. If this process replaced that
//! ring, the two would take the store from each other every minute, and each time all tokens would become invalid. If it
//! followed that ring, a mistake elsewhere would end this server's tokens, or need a key that only the other server has. So
//! the last start has the store. The earlier server signs and verifies with the ring that it has, and logs this once. Until
//! one is restarted with the algorithm of the other, neither accepts the other's tokens, and this one does not hear about
//! retired keys.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::{info, warn};

use super::settle_keys::{KeysError, settle_own_keys};
use crate::server::domain::kept_keys::{self, KeptKey};
use crate::server::domain::key_ring::{KeyRing, RingError};
use crate::server::state::AppState;

/// Takes over the keys if they have changed. A ring that is replaced takes its remembered tokens with it.
///
/// # Errors
/// [`KeysError`]; the ring stays as it was.
pub async fn follow_keys(state: &AppState) -> Result<(), KeysError> {
    if state.store.signing_keys_version().await? <= state.keys_seen.load(Ordering::SeqCst) {
        return Ok(());
    }
    let (version, keys) = state.store.list_signing_keys().await?;
    let followed = follow(state, version, &keys);
    // Whatever came of these keys would come of them again: it is said once.
    state.keys_seen.fetch_max(version, Ordering::SeqCst);
    Ok(followed?)
}

/// Removes the keys that are over, and keeps the ring complete.
///
/// # Errors
/// [`KeysError`]; the ring stays as it was.
pub async fn tidy_keys(state: &AppState) -> Result<(), KeysError> {
    if let Some(ring) = settle_own_keys(&state.store, &state.world, &state.key_settings).await? {
        take_over(state, ring);
    }
    Ok(())
}

fn follow(state: &AppState, version: i64, keys: &[KeptKey]) -> Result<(), RingError> {
    let settings = &state.key_settings;
    if let Some(kept) = settings.another_algorithm(keys) {
        let ours = settings.algorithm;
        warn!(
            "The keys in the store are for {kept} now, and JWT_ALGORITHM is {ours} here; restart all servers with the same JWT_ALGORITHM"
        );
        return Ok(());
    }
    let taken = take_over(state, settings.open(version, keys)?);
    if let Some(active) = kept_keys::active(keys).filter(|_| taken) {
        info!(key.id = %active.id, "The keys have changed; this one signs");
    }
    Ok(())
}

/// Forwards alone: of two that read the store at once, the slower one may hold the older ring.
fn take_over(state: &AppState, ring: KeyRing) -> bool {
    let ring = Arc::new(ring);
    let before = state.keys.rcu(|current| Arc::clone(if current.version < ring.version { &ring } else { current }));
    state.keys_seen.fetch_max(ring.version, Ordering::SeqCst);
    before.version < ring.version
}
