//! The queries of `handstamp doctor`. They change nothing: they create no file and no table.

use std::cmp::Ordering;
use std::sync::Arc;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::Mutex;

use super::error::StoreError;
use super::open::{ACQUIRE_TIMEOUT, BUSY_TIMEOUT, MIGRATIONS};
use super::pool::{Pool, Store, on_pool};
use super::writer;
use crate::server::domain::unix_time::UnixTime;

/// The version of the tables in a database, compared with this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// There are none, or those of an earlier version. A start updates them.
    Older,
    Current,
    Newer,
    /// An update broke off.
    Half,
}

const HAS_MIGRATIONS_SQLITE: &str = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
const HAS_MIGRATIONS_POSTGRES: &str = "SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE tablename = '_sqlx_migrations'";
const HALF: &str = "SELECT COUNT(*) FROM _sqlx_migrations WHERE NOT success";
const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations";
const CHANGE_NOTHING: &str = "UPDATE counters SET value = value WHERE name = 'blocklist'";
const NEWEST: &str = "SELECT MAX(at) FROM (SELECT MAX(created_at) AS at FROM users UNION ALL \
                      SELECT MAX(last_used_at) FROM sessions UNION ALL \
                      SELECT MAX(created_at) FROM signing_keys) AS times";

impl Store {
    /// Opens a database without changing it.
    ///
    /// # Errors
    /// [`StoreError`] if it is absent or cannot be reached.
    pub async fn open_as_it_is(url: &str) -> Result<Self, StoreError> {
        let pool = if url.starts_with("sqlite:") {
            let connection: SqliteConnectOptions = url.parse()?;
            let connection = connection.create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
            let writer = Arc::new(Mutex::new(Some(SqliteConnection::connect_with(&connection).await?)));
            let pool = SqlitePoolOptions::new().max_connections(1).connect_with(connection).await?;
            Pool::Sqlite { pool, writer }
        } else {
            let options = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
            Pool::Postgres(options.connect(url).await?)
        };
        let uses = Arc::default();
        Ok(Self { queue: writer::start(pool.clone(), Arc::clone(&uses)), uses, pool })
    }

    /// Returns the version of its tables.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tables(&self) -> Result<Tables, StoreError> {
        let (has_migrations,): (i64,) = match &self.pool {
            Pool::Sqlite { pool, .. } => sqlx::query_as(HAS_MIGRATIONS_SQLITE).fetch_one(pool).await?,
            Pool::Postgres(pool) => sqlx::query_as(HAS_MIGRATIONS_POSTGRES).fetch_one(pool).await?,
        };
        if has_migrations == 0 {
            return Ok(Tables::Older);
        }
        let (half,): (i64,) = on_pool!(self, |pool| sqlx::query_as(HALF).fetch_one(pool).await?);
        let (version,): (i64,) = on_pool!(self, |pool| sqlx::query_as(VERSION).fetch_one(pool).await?);
        let known = MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or_default();
        Ok(match version.cmp(&known) {
            _ if half > 0 => Tables::Half,
            Ordering::Less => Tables::Older,
            Ordering::Equal => Tables::Current,
            Ordering::Greater => Tables::Newer,
        })
    }

    /// Checks that tables of this version can be written to: makes an empty change and rolls it back.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be written to.
    pub async fn try_writing(&self) -> Result<(), StoreError> {
        on_pool!(self, |pool| {
            let mut transaction = pool.begin().await?;
            sqlx::query(CHANGE_NOTHING).execute(&mut *transaction).await?;
            transaction.rollback().await?;
        });
        Ok(())
    }

    /// Returns the first damage that SQLite finds in its file. Does nothing for PostgreSQL.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_damage(&self) -> Result<Option<String>, StoreError> {
        let Pool::Sqlite { pool, .. } = &self.pool else { return Ok(None) };
        let (said,): (String,) = sqlx::query_as("PRAGMA quick_check(1)").fetch_one(pool).await?;
        Ok((said != "ok").then_some(said))
    }

    /// Returns the newest time in tables of this version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_time(&self) -> Result<Option<UnixTime>, StoreError> {
        let (newest,): (Option<i64>,) = on_pool!(self, |pool| sqlx::query_as(NEWEST).fetch_one(pool).await?);
        Ok(newest.map(UnixTime))
    }
}
