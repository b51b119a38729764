//! Confirms the user's authenticator app with one of its codes. From now on sign-ins ask for a code.

use secrecy::{ExposeSecret as _, SecretString};
use tracing::info;

use super::actor::event;
use super::authenticate::CurrentUser;
use super::change_factors::{ChangeFactorsError, changeable_factors};
use super::check_totp::open;
use super::renew_recovery_codes::new_recovery_codes;
use crate::server::domain::recovery_code::RecoveryCode;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::session::Origin;
use crate::server::state::AppState;
use crate::server::store::totp::Confirmation;

/// Confirms the app, and returns new recovery codes. The session of the request counts as recognised by both factors; the others
/// stay as they are. The code cannot be used again.
///
/// # Errors
/// [`ChangeFactorsError`].
pub async fn confirm_totp(
    state: &AppState,
    user: &CurrentUser,
    code: &SecretString,
    origin: Origin,
) -> Result<Vec<RecoveryCode>, ChangeFactorsError> {
    changeable_factors(state, user).await?;
    let now = state.world.now();
    let kept = state.store.find_totp(user.user_id).await?.ok_or(ChangeFactorsError::NothingThere)?;
    if kept.confirmed_at.is_some() {
        return Err(ChangeFactorsError::ConfirmedAlready);
    }
    let secret = open(state, user.user_id, &kept.sealed)?;
    let step = secret.step_of(code.expose_secret(), now).ok_or(ChangeFactorsError::WrongCode)?;
    let session = state.store.find_session(user.session_id).await?.ok_or(ChangeFactorsError::NotRecognised)?.session;
    let (codes, hashes) = new_recovery_codes(state);
    let confirmation = Confirmation {
        sealed: &kept.sealed,
        step,
        recovery_codes: &hashes,
        session: (session.id, session.methods.and_code()),
        event: event(state, EventKind::FactorAdded, origin),
    };
    // Of two requests with the right code, one gets the recovery codes.
    if !state.store.confirm_totp(user.user_id, &confirmation, now).await? {
        return Err(ChangeFactorsError::WrongCode);
    }
    info!(user.id = %user.user_id, "User `{}` has set up an authenticator app", user.username);
    Ok(codes)
}
