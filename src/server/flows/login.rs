//! Sign in: a name and a password for a session and its access token.

use secrecy::SecretString;
use tracing::info;

use crate::server::domain::ids::{SessionId, TokenId};
use crate::server::domain::password::{HashingFailed, Password, PasswordHash, Unfit};
use crate::server::domain::session::Session;
use crate::server::domain::user::User;
use crate::server::domain::username::Username;
use crate::server::hash_pool::Overloaded;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// A fresh session's token. No `Debug`: whoever reads it is signed in.
pub struct SignedIn {
    pub access_token: String,
    /// In seconds from now.
    pub expires_in: u64,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("no username")]
    MissingUsername,
    #[error("no password")]
    MissingPassword,
    #[error(transparent)]
    Password(Unfit),
    /// Unknown user and wrong password alike.
    #[error("wrong username or password")]
    WrongCredentials,
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the token could not be signed")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// Checks the password and starts a session, which is durable before its token exists.
///
/// # Errors
/// [`LoginError`].
pub async fn login(state: &AppState, username: &str, password: SecretString) -> Result<SignedIn, LoginError> {
    if username.is_empty() {
        return Err(LoginError::MissingUsername);
    }
    let password = parse_password(&password)?;

    // A text that cannot be a name is a name that nobody has.
    let found = match Username::parse(username) {
        Ok(username) => state.store.find_user(&username).await?,
        Err(_) => None,
    };
    // Same work for an unknown user: the answer's delay must not tell who has an account.
    let stored = found.as_ref().map_or(&state.nobodys_hash, |(_, hash)| hash).clone();
    let right = state.hash_pool.run(move || stored.verify(&password)).await??;

    match found {
        Some((user, verified)) if right => start_session(state, &user, &verified).await,
        _ => {
            info!("Refused a sign-in: wrong username or password");
            Err(LoginError::WrongCredentials)
        }
    }
}

/// Starts a session for a user who was just recognised by `verified`, and issues its first access token.
pub(super) async fn start_session(
    state: &AppState,
    user: &User,
    verified: &PasswordHash,
) -> Result<SignedIn, LoginError> {
    let now = state.world.now();
    let lifetime = state.token_rules.lifetime;
    let session = Session {
        id: SessionId::from_random(state.world.random_bytes()),
        user_id: user.id,
        started_at: now,
        expires_at: now.plus(lifetime),
    };
    if !state.store.start_session(&session, verified).await? {
        return Err(LoginError::WrongCredentials);
    }
    let token_id = TokenId::from_random(state.world.random_bytes());
    let access_token = state.token_rules.issue(user, &session, token_id, now)?;
    info!(user.id = %user.id, session.id = %session.id, "Signed in user `{}`", user.username);
    Ok(SignedIn { access_token, expires_in: lifetime.as_secs() })
}

fn parse_password(typed: &SecretString) -> Result<Password, LoginError> {
    use secrecy::ExposeSecret as _;
    if typed.expose_secret().is_empty() {
        return Err(LoginError::MissingPassword);
    }
    Password::parse(typed).map_err(LoginError::Password)
}
