//! Who am I: the account behind a token, from the store.

use super::authenticate::CurrentUser;
use crate::server::domain::user::User;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Why nobody can be shown.
#[derive(Debug, thiserror::Error)]
pub enum WhoAmIError {
    /// The account was removed a moment ago; its sessions end with it.
    #[error("the account is gone")]
    Gone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The account of whoever is signed in.
///
/// # Errors
/// [`WhoAmIError`].
pub async fn whoami(state: &AppState, user: &CurrentUser) -> Result<User, WhoAmIError> {
    state.store.find_user_by_id(user.user_id).await?.ok_or(WhoAmIError::Gone)
}
