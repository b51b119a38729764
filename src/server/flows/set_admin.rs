//! Makes a user an administrator, or a normal user again.

use super::actor::{Actor, ManageUserError, Target};
use super::end_session::end_sessions;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::user::{Roles, User};
use crate::server::state::AppState;
use crate::server::store::sessions::Along;

/// Sets the role. The user's sessions end, because their tokens contain the old roles.
///
/// # Errors
/// [`ManageUserError`].
pub async fn set_admin(state: &AppState, target: Target<'_>, admin: bool, by: &Actor) -> Result<User, ManageUserError> {
    let user = by.find_other(state, target).await?;
    let (roles, kind) =
        if admin { (Roles::admin(), EventKind::MadeAdmin) } else { (Roles::default(), EventKind::UnmadeAdmin) };
    if user.roles != roles {
        end_sessions(state, user.id, None, Along::SetRoles(roles), by.event(state, kind)).await?;
    }
    Ok(user)
}
