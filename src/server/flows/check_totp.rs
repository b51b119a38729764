//! Checks a code of a user's authenticator app.

use secrecy::{ExposeSecret as _, SecretString};

use super::change_factors::ChangeFactorsError;
use crate::server::domain::ids::UserId;
use crate::server::domain::sealing::DoesNotOpen;
use crate::server::domain::totp::TotpSecret;
use crate::server::state::AppState;
use crate::server::store::challenges::Code;

/// Returns the code, if it is one that the user's app shows now. The store checks that it was not used before.
///
/// # Errors
/// [`ChangeFactorsError`] of the store, or if the secret cannot be decrypted.
pub(super) async fn check_totp(
    state: &AppState,
    user: UserId,
    typed: &SecretString,
) -> Result<Option<Code>, ChangeFactorsError> {
    let kept = state.store.find_totp(user).await?.filter(|kept| kept.confirmed_at.is_some());
    let Some(kept) = kept else { return Ok(None) };
    let step = open(state, user, &kept.sealed)?.step_of(typed.expose_secret(), state.world.now());
    Ok(step.map(|step| Code::Totp { sealed: kept.sealed, step }))
}

/// Decrypts the secret of a user's app.
///
/// # Errors
/// [`DoesNotOpen`].
pub(super) fn open(state: &AppState, user: UserId, sealed: &str) -> Result<TotpSecret, DoesNotOpen> {
    let plain = state.authenticator_key.open(sealed, &user.to_string())?;
    let bytes = plain.expose_secret().try_into().map_err(|_| DoesNotOpen)?;
    Ok(TotpSecret::from_bytes(bytes))
}
