//! Returns the account of a token: from the store, and for the same token again from memory.

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
pub async fn whoami<'t>(state: &AppState, user: &'t CurrentUser) -> Result<&'t User, WhoAmIError> {
    if let Some(account) = user.account() {
        return Ok(account);
    }
    let account = state.store.find_user_by_id(user.user_id).await?.ok_or(WhoAmIError::Gone)?;
    Ok(user.remember_account(account))
}
