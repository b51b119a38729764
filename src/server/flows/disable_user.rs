//! Disables or enables a user. The account stays.

use super::actor::{Actor, ManageUserError, Target};
use super::end_session::end_sessions;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::user::User;
use crate::server::state::AppState;
use crate::server::store::sessions::Along;

/// Disables a user and ends all their sessions.
///
/// # Errors
/// [`ManageUserError`].
pub async fn disable_user(state: &AppState, target: Target<'_>, by: &Actor) -> Result<User, ManageUserError> {
    let user = by.find_other(state, target).await?;
    let along = Along::Disable(state.world.now());
    end_sessions(state, user.id, None, along, by.event(state, EventKind::Disabled)).await?;
    Ok(user)
}

/// Lets a disabled user sign in again. Earlier sessions stay ended.
///
/// # Errors
/// [`ManageUserError`].
pub async fn enable_user(state: &AppState, target: Target<'_>, by: &Actor) -> Result<User, ManageUserError> {
    let user = by.find_other(state, target).await?;
    state.store.enable_user(user.id, &by.event(state, EventKind::Enabled)).await?;
    Ok(user)
}
