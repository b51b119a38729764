//! An operator sets a user's password: the sessions that the old one opened end.

use secrecy::SecretString;

use super::new_account::hash_new_password;
use super::remove_user::{ManageUserError, get_user};
use crate::server::domain::user::User;
use crate::server::state::AppState;
use crate::server::store::sessions::Along;

/// Sets a password and ends all sessions of the user.
///
/// # Errors
/// [`ManageUserError`].
pub async fn change_password(
    state: &AppState,
    username: &str,
    password: &SecretString,
) -> Result<User, ManageUserError> {
    let user = get_user(state, username).await?;
    let hash = hash_new_password(state, password).await?;
    state.store.end_sessions_of(user.id, state.token_rules.leeway, &Along::ChangePassword(hash)).await?;
    Ok(user)
}
