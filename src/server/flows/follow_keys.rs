//! Follows the store's keys: what `handstamp key rotate` and other processes change, this one takes over soon after.
//!
//! A ring of another algorithm than that of the settings is left alone, in the store and in memory. A server does not start
//! beside one with another `JWT_ALGORITHM` (`presence.rs`); one of an earlier version does, which knows nothing of that. Were it settled here as well,
//! the two would take the store from each other every minute, and each time all tokens would die. Were it followed, a
//! mistake elsewhere would end the tokens of this server, or need a key that only the other is given. So the last start has
//! the store; whoever ran before signs and verifies with the ring it has, and says so once. Until one is restarted with
//! the algorithm of the other, neither takes the other's tokens, and this one does not hear of keys that are retired.

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
            "The keys in the store are for {kept} now, and JWT_ALGORITHM is {ours} here; restart all servers with one"
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
