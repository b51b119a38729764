//! Returns the account of a token, from the store.

use super::authenticate::CurrentUser;
use crate::server::domain::user::User;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum WhoAmIError {
    /// The account was removed a moment ago. Its sessions end too.
    #[error("the account is gone")]
    Gone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns the account of the signed-in user.
///
/// # Errors
/// [`WhoAmIError`].
pub async fn whoami(state: &AppState, user: &CurrentUser) -> Result<User, WhoAmIError> {
    state.store.find_user_by_id(user.user_id).await?.ok_or(WhoAmIError::Gone)
}
