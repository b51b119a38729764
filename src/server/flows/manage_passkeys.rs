//! Lists, renames and removes the passkeys of a user.

use tracing::info;

use super::actor::event;
use super::authenticate::CurrentUser;
use super::change_factors::changeable_factors;
use super::passkey_questions::PasskeyError;
use crate::server::domain::passkey::{Passkey, PasskeyId, PasskeyName};
use crate::server::domain::security_event::EventKind;
use crate::server::domain::session::Origin;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Returns the user's passkeys, the oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list_passkeys(state: &AppState, user: &CurrentUser) -> Result<Vec<Passkey>, StoreError> {
    state.store.list_passkeys(user.user_id).await
}

/// Gives one of the user's passkeys another name.
///
/// # Errors
/// [`PasskeyError::NoSuchPasskey`] also for one of another user.
pub async fn rename_passkey(state: &AppState, user: &CurrentUser, id: &str, name: &str) -> Result<(), PasskeyError> {
    let (id, name) = (PasskeyId::parse(id).ok_or(PasskeyError::NoSuchPasskey)?, PasskeyName::parse(name)?);
    let renamed = state.store.rename_passkey(user.user_id, &id, &name).await?;
    if renamed { Ok(()) } else { Err(PasskeyError::NoSuchPasskey) }
}

/// Removes one of the user's passkeys. Sessions that it began stay.
///
/// # Errors
/// [`PasskeyError::NoSuchPasskey`] also for one of another user; [`PasskeyError::Change`].
pub async fn remove_passkey(
    state: &AppState,
    user: &CurrentUser,
    id: &str,
    origin: Origin,
) -> Result<(), PasskeyError> {
    changeable_factors(state, user).await?;
    let id = PasskeyId::parse(id).ok_or(PasskeyError::NoSuchPasskey)?;
    let event = event(state, EventKind::FactorRemoved, origin);
    if !state.store.remove_passkey(user.user_id, &id, &event).await? {
        return Err(PasskeyError::NoSuchPasskey);
    }
    info!(user.id = %user.user_id, "Removed a passkey of user `{}`", user.username);
    Ok(())
}
