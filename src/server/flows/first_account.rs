//! The first administrator: made once, by the operator, who reads the server's console. No default account, no default
//! password.
//!
//! Setup is open until there is an administrator, whatever other users there are: those whom the command line added cannot
//! make one of themselves, and the link opens nothing to anyone who could not run `handstamp user promote` as well.

use secrecy::SecretString;
use tracing::info;

use super::actor::event;
use super::login::{LoginError, NewSession, SignedIn, start_session};
use super::new_account::{NewAccountError, prepare_account};
use super::throttle::{Throttled, admit_to_code};
use crate::server::domain::security_event::EventKind;
use crate::server::domain::user::Roles;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::administrators::Claimed;

/// Why the first account was not made.
#[derive(Debug, thiserror::Error)]
pub enum FirstAccountError {
    /// There is an administrator: the door is no more.
    #[error("there is an administrator already")]
    Closed,
    #[error("the code is wrong")]
    WrongCode,
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Account(#[from] NewAccountError),
    /// The account was made.
    #[error(transparent)]
    Login(#[from] LoginError),
}

/// Whether the first administrator is still to be made.
///
/// # Errors
/// [`StoreError`].
pub async fn setup_is_open(state: &AppState) -> Result<bool, StoreError> {
    // A process that found an administrator at its start never asks.
    Ok(state.setup_code.is_some() && state.store.setup_is_open(state.setup_round).await?)
}

/// Makes the administrator and signs it in. Of two claims at once exactly one wins.
///
/// # Errors
/// [`FirstAccountError`].
pub async fn first_account(
    state: &AppState,
    code: &str,
    username: &str,
    password: SecretString,
    new: NewSession,
) -> Result<SignedIn, FirstAccountError> {
    if !setup_is_open(state).await.map_err(NewAccountError::Store)? {
        return Err(FirstAccountError::Closed);
    }
    let attempt = admit_to_code(state, &new.visitor)?;
    if !state.setup_code.as_ref().is_some_and(|right| right.is(code)) {
        attempt.failed(None).await.map_err(NewAccountError::Store)?;
        return Err(FirstAccountError::WrongCode);
    }
    attempt.succeeded();
    let (user, hash) = prepare_account(state, username, password, Roles::admin()).await?;
    let event = event(state, EventKind::SignedUp, new.visitor.origin.clone());
    let claimed = state.store.insert_first_administrator(state.setup_round, &user, &hash, &event).await;
    match claimed.map_err(NewAccountError::Store)? {
        Claimed::Yes => {}
        Claimed::Closed => return Err(FirstAccountError::Closed),
        Claimed::Taken => return Err(NewAccountError::Taken.into()),
    }
    info!(user.id = %user.id, "Made the first account `{}`", user.username);
    Ok(start_session(state, &user, &hash, new).await?)
}
