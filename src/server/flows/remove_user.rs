//! An operator removes a user: the account goes, and its sessions end.

use super::new_account::NewAccountError;
use crate::server::domain::user::User;
use crate::server::domain::username::Username;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::sessions::Along;

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ManageUserError {
    #[error("there is no such user")]
    NoSuchUser,
    #[error(transparent)]
    Password(#[from] NewAccountError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Removes a user. A server that runs refuses the tokens as soon as it has followed the blocklist.
///
/// # Errors
/// [`ManageUserError`].
pub async fn remove_user(state: &AppState, username: &str) -> Result<User, ManageUserError> {
    let user = get_user(state, username).await?;
    state.store.end_sessions_of(user.id, state.token_rules.leeway, &Along::Remove).await?;
    Ok(user)
}

/// The user an operator named.
pub(super) async fn get_user(state: &AppState, username: &str) -> Result<User, ManageUserError> {
    let username = Username::parse(username).map_err(|_| ManageUserError::NoSuchUser)?;
    let (user, _) = state.store.find_user(&username).await?.ok_or(ManageUserError::NoSuchUser)?;
    Ok(user)
}
