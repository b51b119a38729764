//! Adds, identifies and removes clients: other services that ask about tokens.

use secrecy::SecretString;
use tracing::info;

use crate::server::domain::client::{Client, ClientName, SecretHash, secret_from_random};
use crate::server::domain::plain_name::NotAPlainName;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Why a client was not added or removed.
#[derive(Debug, thiserror::Error)]
pub enum ManageClientError {
    #[error("this cannot be the name of a client: {0}")]
    Name(#[from] NotAPlainName),
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

/// Removes a client. Its secret is rejected from now on: here at once, in other processes within a second.
///
/// # Errors
/// [`ManageClientError`].
pub async fn remove_client(state: &AppState, name: &str) -> Result<(), ManageClientError> {
    let name = ClientName::parse(name)?;
    let removed = state.store.delete_client(&name).await?;
    state.known_clients.forget(&name);
    if removed { Ok(()) } else { Err(ManageClientError::NoSuchClient) }
}

/// Returns the client with this name, if the secret is right. A client that asks again within a second costs no look
/// into the store.
///
/// # Errors
/// [`StoreError`].
pub async fn authenticate_client(
    state: &AppState,
    name: &str,
    secret: &SecretString,
) -> Result<Option<ClientName>, StoreError> {
    let Ok(name) = ClientName::parse(name) else { return Ok(None) };
    let uptime = state.world.uptime();
    if state.known_clients.knows(&name, secret, uptime) {
        return Ok(Some(name));
    }
    let kept = state.store.find_client_secret(&name).await?;
    let Some(hash) = kept.filter(|hash| hash.is_of(secret)) else { return Ok(None) };
    state.known_clients.remember(name.clone(), hash, uptime);
    Ok(Some(name))
}
