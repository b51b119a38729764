//! What every way to a new account shares: the name's and the password's rules, and the hash.

use secrecy::{ExposeSecret as _, SecretString};

use crate::server::domain::ids::UserId;
use crate::server::domain::password::{HashingFailed, Password, PasswordHash, Unfit};
use crate::server::domain::user::{Roles, User};
use crate::server::domain::username::{NotAUsername, Username};
use crate::server::hash_pool::Overloaded;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum NewAccountError {
    #[error("no username")]
    MissingUsername,
    #[error("no password")]
    MissingPassword,
    #[error(transparent)]
    Username(#[from] NotAUsername),
    #[error("the name is taken")]
    Taken,
    #[error("the password is {0}")]
    Password(#[from] Unfit),
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A user and a hash that no table knows yet.
pub(super) async fn prepare_account(
    state: &AppState,
    username: &str,
    password: &SecretString,
    roles: Roles,
) -> Result<(User, PasswordHash), NewAccountError> {
    if username.is_empty() {
        return Err(NewAccountError::MissingUsername);
    }
    let username = Username::parse(username)?;
    let hash = hash_new_password(state, password).await?;
    let id = UserId::from_random(state.world.random_bytes());
    Ok((User { id, username, roles, created_at: state.world.now() }, hash))
}

/// Checks a chosen password and hashes it, on the pool.
pub(super) async fn hash_new_password(
    state: &AppState,
    password: &SecretString,
) -> Result<PasswordHash, NewAccountError> {
    if password.expose_secret().is_empty() {
        return Err(NewAccountError::MissingPassword);
    }
    let password = Password::choose(password, state.config.password_min_length)?;
    let (hasher, salt) = (state.hasher.clone(), state.world.random_bytes());
    Ok(state.hash_pool.run(move || hasher.hash(&password, &salt)).await??)
}
