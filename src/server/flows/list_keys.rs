//! Lists the keys that sign and verify, for operators and administrators.

use crate::server::domain::kept_keys::{self, KeptKey};
use crate::server::domain::readers;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Returns the keys of the store, including barred ones.
///
/// # Errors
/// [`StoreError`].
pub async fn list_keys(state: &AppState) -> Result<Vec<KeptKey>, StoreError> {
    Ok(state.store.list_signing_keys().await?.1)
}

/// Returns whom the key set stops because it has keys of several algorithms: after the algorithm has changed, until the last
/// old key is gone. One sentence for each old algorithm.
///
/// # Errors
/// [`StoreError`].
pub async fn stopped_readers(state: &AppState) -> Result<Vec<String>, StoreError> {
    let (now, kept) = (state.world.now(), list_keys(state).await?);
    let Some(active) = kept_keys::active(&kept) else { return Ok(Vec::new()) };
    let verifying = kept_keys::verifying(&kept).into_iter();
    let verifying = verifying.filter(|key| key.state.verifies_until().is_none_or(|until| now < until));
    let mut others: Vec<_> = verifying.map(|key| key.algorithm).filter(|kept| *kept != active.algorithm).collect();
    others.dedup();
    Ok(others.into_iter().filter_map(|old| readers::stopped_by(old, active.algorithm)).collect())
}
