//! The table `clients`: other services that may introspect, revoke and follow the blocklist.

use super::error::StoreError;
use super::pool::{Store, on_pool};
use crate::server::domain::client::{Client, ClientName, SecretHash};
use crate::server::domain::unix_time::UnixTime;

const FIND: &str = "SELECT secret_hash FROM clients WHERE name = $1";
const LIST: &str = "SELECT name, created_at FROM clients ORDER BY name";
const INSERT: &str = "INSERT INTO clients (name, secret_hash, created_at) VALUES ($1, $2, $3) \
                      ON CONFLICT (name) DO NOTHING";
const DELETE: &str = "DELETE FROM clients WHERE name = $1";

impl Store {
    /// Returns the hash of a client's secret, if the client exists.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_client_secret(&self, name: &ClientName) -> Result<Option<SecretHash>, StoreError> {
        let row: Option<(String,)> =
            on_pool!(self, |pool| sqlx::query_as(FIND).bind(name.as_str()).fetch_optional(pool).await?);
        Ok(row.map(|(hash,)| SecretHash::from_stored(hash)))
    }

    /// Returns all clients, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_clients(&self) -> Result<Vec<Client>, StoreError> {
        let rows: Vec<(String, i64)> = on_pool!(self, |pool| sqlx::query_as(LIST).fetch_all(pool).await?);
        let client = |(name, created_at): (String, i64)| {
            let name = ClientName::parse(&name).map_err(|_| StoreError::Damaged("clients.name"))?;
            Ok(Client { name, created_at: UnixTime(created_at) })
        };
        rows.into_iter().map(client).collect()
    }

    /// Adds a client; `false` if the name is taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_client(&self, client: &Client, secret: &SecretHash) -> Result<bool, StoreError> {
        let inserted = on_pool!(self, |pool| {
            let insert =
                sqlx::query(INSERT).bind(client.name.as_str()).bind(secret.as_stored()).bind(client.created_at.0);
            insert.execute(pool).await?.rows_affected()
        });
        Ok(inserted == 1)
    }

    /// Removes a client; `false` if there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_client(&self, name: &ClientName) -> Result<bool, StoreError> {
        let deleted =
            on_pool!(self, |pool| sqlx::query(DELETE).bind(name.as_str()).execute(pool).await?.rows_affected());
        Ok(deleted == 1)
    }
}
