//! The keys that sign and verify, for operators and administrators.

use crate::server::domain::kept_keys::KeptKey;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// The keys of the store, barred ones included.
///
/// # Errors
/// [`StoreError`].
pub async fn list_keys(state: &AppState) -> Result<Vec<KeptKey>, StoreError> {
    Ok(state.store.list_signing_keys().await?.1)
}
