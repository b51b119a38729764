//! Adds, identifies and removes clients: other services that ask about tokens.

use secrecy::SecretString;
use tracing::info;

use crate::server::domain::client::{Client, ClientName, NotAClientName, SecretHash, secret_from_random};
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Why a client was not added or removed.
#[derive(Debug, thiserror::Error)]
pub enum ManageClientError {
    #[error("this cannot be the name of a client: {0}")]
    Name(#[from] NotAClientName),
    #[error("the name is taken")]
    Taken,
    #[error("there is no such client")]
    NoSuchClient,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds a client. Returns its secret, which is stored nowhere.
///
/// # Errors
/// [`ManageClientError`].
pub async fn add_client(state: &AppState, name: &str) -> Result<SecretString, ManageClientError> {
    let client = Client { name: ClientName::parse(name)?, created_at: state.world.now() };
    let secret = secret_from_random(&state.world.random_bytes());
    if !state.store.insert_client(&client, &SecretHash::of(&secret)).await? {
        return Err(ManageClientError::Taken);
    }
    info!(client = %client.name, "Added a client");
    Ok(secret)
}

/// Removes a client. Its secret is rejected from now on.
///
/// # Errors
/// [`ManageClientError`].
pub async fn remove_client(state: &AppState, name: &str) -> Result<(), ManageClientError> {
    if !state.store.delete_client(&ClientName::parse(name)?).await? {
        return Err(ManageClientError::NoSuchClient);
    }
    Ok(())
}

/// Returns the client with this name, if the secret is right.
///
/// # Errors
/// [`StoreError`].
pub async fn authenticate_client(
    state: &AppState,
    name: &str,
    secret: &SecretString,
) -> Result<Option<ClientName>, StoreError> {
    let Ok(name) = ClientName::parse(name) else { return Ok(None) };
    let kept = state.store.find_client_secret(&name).await?;
    Ok(kept.is_some_and(|kept| kept.is_of(secret)).then_some(name))
}
