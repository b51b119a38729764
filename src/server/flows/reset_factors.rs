//! Removes all second factors of a user who has lost them. All sessions end.

use super::actor::{Actor, ManageUserError, Target};
use super::end_session::end_sessions;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::user::User;
use crate::server::state::AppState;
use crate::server::store::sessions::Along;

/// Removes the authenticator app, the passkeys and the recovery codes.
///
/// # Errors
/// [`ManageUserError`].
pub async fn reset_factors(state: &AppState, target: Target<'_>, by: &Actor) -> Result<User, ManageUserError> {
    let user = by.find_other(state, target).await?;
    end_sessions(state, user.id, None, Along::ResetFactors, by.event(state, EventKind::FactorRemoved)).await?;
    Ok(user)
}
