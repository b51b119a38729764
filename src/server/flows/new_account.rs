//! The steps that all ways to a new account share: the rules for name and password, and the hash.

use secrecy::{ExposeSecret as _, SecretString};

use crate::server::domain::ids::UserId;
use crate::server::domain::password::{HashingFailed, Password, PasswordHash, Unfit};
use crate::server::domain::user::{Roles, User};
use crate::server::domain::username::{MAX_LENGTH, NotAUsername, Username};
use crate::server::hash_pool::Overloaded;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Why no account was created.
#[derive(Debug, thiserror::Error)]
pub enum NewAccountError {
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

/// A user and a hash that are not in the store yet.
pub(super) async fn prepare_account(
    state: &AppState,
    username: &str,
    password: SecretString,
    roles: Roles,
) -> Result<(User, PasswordHash), NewAccountError> {
    let username = Username::parse(username)?;
    let hash = hash_new_password(state, &username, password).await?;
    let id = UserId::from_random(state.world.random_bytes());
    Ok((User { id, username, roles, created_at: state.world.now(), disabled_at: None }, hash))
}

/// Checks a chosen password and hashes it, on the pool.
pub(super) async fn hash_new_password(
    state: &AppState,
    username: &Username,
    password: SecretString,
) -> Result<PasswordHash, NewAccountError> {
    if password.expose_secret().is_empty() {
        return Err(NewAccountError::MissingPassword);
    }
    // Checked before it takes a place on the pool.
    Password::parse(&password)?;
    let (context, min_length) = (context(state, username.as_str()), state.config.password_min_length);
    let (hasher, salt) = (state.hasher.clone(), state.world.random_bytes());
    let job = move || {
        let context: Vec<&str> = context.iter().map(String::as_str).collect();
        let password = Password::choose(&password, min_length, &context)?;
        Ok(hasher.hash(&password, &salt)?)
    };
    state.hash_pool.run(job).await?
}

/// Words that an attacker tries first for this name on this site.
pub(super) fn context(state: &AppState, username: &str) -> Vec<String> {
    let host = state.config.public_url.rsplit('/').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    // At most the length of a name: the judgement searches for each word everywhere.
    let username = username.chars().take(MAX_LENGTH).collect();
    vec![username, "handstamp".to_owned(), host.to_owned()]
}
