//! Removes the user's authenticator app.

use tracing::info;

use super::actor::event;
use super::authenticate::CurrentUser;
use super::change_factors::{ChangeFactorsError, changeable_factors};
use crate::server::domain::security_event::EventKind;
use crate::server::domain::session::Origin;
use crate::server::state::AppState;

/// Removes the app, also one that was not confirmed. With the last factor, the recovery codes go.
///
/// # Errors
/// [`ChangeFactorsError`].
pub async fn remove_totp(state: &AppState, user: &CurrentUser, origin: Origin) -> Result<(), ChangeFactorsError> {
    changeable_factors(state, user).await?;
    let event = event(state, EventKind::FactorRemoved, origin);
    if !state.store.remove_totp(user.user_id, &event).await? {
        return Err(ChangeFactorsError::NothingThere);
    }
    info!(user.id = %user.user_id, "User `{}` has removed the authenticator app", user.username);
    Ok(())
}
