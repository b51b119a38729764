//! Makes new recovery codes. The earlier ones stop working.

use tracing::info;

use super::actor::event;
use super::authenticate::CurrentUser;
use super::change_factors::{ChangeFactorsError, changeable_factors};
use crate::server::domain::recovery_code::{COUNT, RecoveryCode, RecoveryCodeHash};
use crate::server::domain::security_event::EventKind;
use crate::server::domain::session::Origin;
use crate::server::state::AppState;

/// Makes new codes for a user who has a second factor.
///
/// # Errors
/// [`ChangeFactorsError`].
pub async fn renew_recovery_codes(
    state: &AppState,
    user: &CurrentUser,
    origin: Origin,
) -> Result<Vec<RecoveryCode>, ChangeFactorsError> {
    changeable_factors(state, user).await?;
    let (codes, hashes) = new_recovery_codes(state);
    // New codes are new ways in: the user must be able to see that there are some.
    let event = event(state, EventKind::FactorAdded, origin);
    if !state.store.replace_recovery_codes(user.user_id, &hashes, &event).await? {
        return Err(ChangeFactorsError::NothingThere);
    }
    info!(user.id = %user.user_id, "User `{}` has new recovery codes", user.username);
    Ok(codes)
}

/// Makes codes, and their hashes for the store.
pub(super) fn new_recovery_codes(state: &AppState) -> (Vec<RecoveryCode>, Vec<RecoveryCodeHash>) {
    let new = || RecoveryCode::from_random(state.world.random_bytes());
    let codes: Vec<_> = std::iter::repeat_with(new).take(COUNT).collect();
    let hashes = codes.iter().map(RecoveryCode::hash).collect();
    (codes, hashes)
}
