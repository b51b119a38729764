//! Removes an account and ends its sessions.

use secrecy::SecretString;

use super::actor::{Actor, ManageUserError, Target, event};
use super::authenticate::CurrentUser;
use super::end_session::end_sessions;
use super::login::{LoginError, recognise_again};
use super::throttle::Visitor;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::user::User;
use crate::server::state::AppState;
use crate::server::store::sessions::Along;

/// Removes a user. Other processes reject the tokens as soon as they have followed the blocklist.
///
/// # Errors
/// [`ManageUserError`].
pub async fn remove_user(state: &AppState, target: Target<'_>, by: &Actor) -> Result<User, ManageUserError> {
    let user = by.find_other(state, target).await?;
    end_sessions(state, user.id, None, Along::Remove, by.event(state, EventKind::Removed)).await?;
    Ok(user)
}

/// Deletes the user's own account. Needs the password.
///
/// # Errors
/// [`LoginError`]; `WrongCredentials` for a wrong password, `Store(LastAdministrator)` for the last administrator.
pub async fn delete_own_account(
    state: &AppState,
    user: &CurrentUser,
    password: SecretString,
    visitor: Visitor,
) -> Result<(), LoginError> {
    let (user, _) = recognise_again(state, user, password, &visitor).await?;
    end_sessions(state, user.id, None, Along::Remove, event(state, EventKind::Removed, visitor.origin)).await?;
    Ok(())
}
