//! Changes a password: by the user, who knows the old one, or by an operator. The sessions of the old password end.

use secrecy::SecretString;

use super::actor::{Actor, ManageUserError, Target, event};
use super::authenticate::CurrentUser;
use super::end_session::end_sessions;
use super::login::{LoginError, recognise_again};
use super::new_account::{NewAccountError, hash_new_password};
use super::throttle::Visitor;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::user::User;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::sessions::Along;

/// Why the user's own password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// About the current password.
    #[error(transparent)]
    Current(#[from] LoginError),
    /// About the new password.
    #[error(transparent)]
    New(#[from] NewAccountError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sets a password as an operator. All sessions of the user end.
///
/// # Errors
/// [`ManageUserError`].
pub async fn change_password(
    state: &AppState,
    target: Target<'_>,
    password: SecretString,
    by: &Actor,
) -> Result<User, ManageUserError> {
    let user = by.find(state, target).await?;
    let hash = hash_new_password(state, &user.username, password).await?;
    let event = by.event(state, EventKind::PasswordChanged);
    end_sessions(state, user.id, None, Along::ChangePassword { from: None, to: hash }, event).await?;
    Ok(user)
}

/// Changes the user's own password. All other sessions end.
///
/// # Errors
/// [`ChangePasswordError`].
pub async fn change_own_password(
    state: &AppState,
    user: &CurrentUser,
    current: SecretString,
    new: SecretString,
    visitor: Visitor,
) -> Result<(), ChangePasswordError> {
    let (account, verified) = recognise_again(state, user, current, &visitor).await?;
    let hash = hash_new_password(state, &account.username, new).await?;
    let event = event(state, EventKind::PasswordChanged, visitor.origin);
    // Of two requests that know the old password, only one changes it.
    let along = Along::ChangePassword { from: Some(verified), to: hash };
    match end_sessions(state, account.id, Some(user.session_id), along, event).await {
        Err(StoreError::Outdated) => Err(LoginError::WrongCredentials.into()),
        done => Ok(done.map(|_| ())?),
    }
}
