//! The first administrator: created once, by the operator, who reads the server's console. There is no default account and
//! no default password.
//!
//! Setup is open until there is an administrator, even if there are other users. Users that the command line added cannot
//! open it: only the console shows the link, and its reader could also run `handstamp user promote`.

use secrecy::SecretString;
use tracing::info;

use super::actor::event;
use super::login::{LoginError, NewSession, SignedIn, start_session};
use super::new_account::{NewAccountError, prepare_account};
use super::throttle::{Throttled, admit_to_code};
use crate::server::domain::methods::Methods;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::user::Roles;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::administrators::Claimed;

/// Why the first account was not created.
#[derive(Debug, thiserror::Error)]
pub enum FirstAccountError {
    /// There is an account: this door no longer exists.
    #[error("there is an account already")]
    Closed,
    #[error("the code is wrong")]
    WrongCode,
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Account(#[from] NewAccountError),
    /// The account was created, but the sign-in failed.
    #[error(transparent)]
    Login(#[from] LoginError),
}

/// Returns whether the first administrator must still be created.
///
/// # Errors
/// [`StoreError`].
pub async fn setup_is_open(state: &AppState) -> Result<bool, StoreError> {
    // A process that found an administrator at its start does not query the store.
    Ok(state.setup_code.is_some() && state.store.setup_is_open(state.setup_round).await?)
}

/// Creates the administrator and signs in. Of two claims at the same time, exactly one succeeds.
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
    info!(user.id = %user.id, "Created the first account `{}`", user.username);
    Ok(start_session(state, (&user, &hash), Methods::PASSWORD, new).await?)
}
