//! An operator adds a user, whether or not sign-up is open.

use secrecy::SecretString;

use super::actor::Actor;
use super::new_account::{NewAccountError, prepare_account};
use crate::server::domain::security_event::EventKind;
use crate::server::domain::user::{Roles, User};
use crate::server::state::AppState;
use crate::server::store::users::Inserted;

/// Creates an account with these roles.
///
/// # Errors
/// [`NewAccountError`].
pub async fn add_user(
    state: &AppState,
    username: &str,
    password: SecretString,
    roles: Roles,
) -> Result<User, NewAccountError> {
    let (user, hash) = prepare_account(state, username, password, roles).await?;
    match state.store.insert_user(&user, &hash, &Actor::Operator.event(state, EventKind::SignedUp)).await? {
        Inserted::Yes => Ok(user),
        Inserted::Taken => Err(NewAccountError::Taken),
    }
}
