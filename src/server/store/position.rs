//! How far the table of the blocklist is: what a process asks often, to know whether it has missed a sign-out.

use super::error::StoreError;
use super::pool::{Pool, Store};

/// The state of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The number of the newest row, whether purged or not.
    pub newest: i64,
    /// Changes when another server has the database. A standby that took over may lack rows that the old server had, and give
    /// their numbers to others: what is known of the old one's says nothing.
    pub server: Option<String>,
}

const NEWEST: &str = "SELECT value FROM counters WHERE name = 'blocklist'";
/// A standby is behind, so what it says is not asked for.
const NEWEST_POSTGRES: &str = "SELECT value, CAST(pg_postmaster_start_time() AS TEXT) FROM counters \
                               WHERE name = 'blocklist' AND NOT pg_is_in_recovery()";

impl Store {
    /// Returns the position of the table now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn blocklist_position(&self) -> Result<Position, StoreError> {
        match &self.pool {
            Pool::Postgres(pool) if pool.is_postgresql() => {
                let row: Option<(i64, String)> = sqlx::query_as(NEWEST_POSTGRES).fetch_optional(pool).await?;
                let (newest, server) = row.ok_or(StoreError::Standby)?;
                Ok(Position { newest, server: Some(server) })
            }
            Pool::Postgres(pool) => {
                let (newest,): (i64,) = sqlx::query_as(NEWEST).fetch_one(pool).await?;
                Ok(Position { newest, server: None })
            }
            Pool::Sqlite { pool, .. } => {
                let (newest,): (i64,) = sqlx::query_as(NEWEST).fetch_one(pool).await?;
                Ok(Position { newest, server: None })
            }
        }
    }
}
