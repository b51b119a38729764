//! Lists the keys that sign and verify, for operators and administrators.

use crate::server::domain::kept_keys::KeptKey;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Returns the keys of the store, including barred ones.
///
/// # Errors
/// [`StoreError`].
pub async fn list_keys(state: &AppState) -> Result<Vec<KeptKey>, StoreError> {
    Ok(state.store.list_signing_keys().await?.1)
}
