//! Sign up: anybody makes an account, where the operator lets them.

use secrecy::SecretString;
use tracing::info;

use super::login::{LoginError, SignedIn, start_session};
use super::new_account::{NewAccountError, prepare_account};
use crate::server::domain::password::PasswordHash;
use crate::server::domain::user::{Roles, User};
use crate::server::state::AppState;
use crate::server::store::users::Inserted;

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub enum SignupError {
    #[error("sign-up is closed")]
    Closed,
    #[error(transparent)]
    Account(#[from] NewAccountError),
    /// The account was made.
    #[error(transparent)]
    Login(#[from] LoginError),
}

/// Makes an account without roles.
///
/// # Errors
/// [`SignupError`].
pub async fn signup(state: &AppState, username: &str, password: SecretString) -> Result<User, SignupError> {
    Ok(make(state, username, &password).await?.0)
}

/// Makes an account and signs it in at once: what a page wants.
///
/// # Errors
/// [`SignupError`].
pub async fn signup_and_login(
    state: &AppState,
    username: &str,
    password: SecretString,
) -> Result<SignedIn, SignupError> {
    let (user, hash) = make(state, username, &password).await?;
    Ok(start_session(state, &user, &hash).await?)
}

async fn make(state: &AppState, username: &str, password: &SecretString) -> Result<(User, PasswordHash), SignupError> {
    if !state.config.signup_open {
        return Err(SignupError::Closed);
    }
    let (user, hash) = prepare_account(state, username, password, Roles::default()).await?;
    match state.store.insert_user(&user, &hash).await.map_err(NewAccountError::Store)? {
        Inserted::Yes => {
            info!(user.id = %user.id, "Signed up user `{}`", user.username);
            Ok((user, hash))
        }
        Inserted::Taken => Err(NewAccountError::Taken.into()),
    }
}
