//! The connection to SQLite or PostgreSQL, and the two macros by which one SQL text serves both.

use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};
use tokio::sync::Mutex;

/// Every change of the tables, in order. What has been released is never edited: a later change is a later file.
const MIGRATIONS: [(i64, &str, &str); 1] =
    [(1, "accounts, sessions, blocklist", include_str!("migrations/0001_accounts_sessions_blocklist.sql"))];

/// How long a statement waits for another process that holds SQLite's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a connection before the answer is 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// SQLite readers; the writer is one anyway.
const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

/// The store. Its queries stand in `users`, `sessions` and `blocklist`.
pub struct Store {
    pub(super) pool: Pool,
}

/// One of two databases.
pub(super) enum Pool {
    Sqlite {
        pool: SqlitePool,
        /// SQLite has one writer. Waiting here is fair and wakes at once; inside SQLite it would be polling.
        writing: Mutex<()>,
    },
    Postgres(PgPool),
}

/// The store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("the tables could not be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A row that we cannot have written. Names the column, never its content.
    #[error("the column `{0}` holds what this version does not understand")]
    Damaged(&'static str),
}

/// Runs one expression on a connection of either database.
macro_rules! on_pool {
    ($store:expr, |$connection:ident| $body:expr) => {
        match &$store.pool {
            $crate::server::store::pool::Pool::Sqlite { pool: $connection, .. } => $body,
            $crate::server::store::pool::Pool::Postgres($connection) => $body,
        }
    };
}

/// Runs one block in a transaction of either database; it commits where the block gives `Ok`, and rolls back else.
macro_rules! in_transaction {
    ($store:expr, |$transaction:ident| $body:block) => {
        match &$store.pool {
            $crate::server::store::pool::Pool::Sqlite { pool, writing } => {
                let _turn = writing.lock().await;
                // IMMEDIATE: a transaction that reads first and writes later could not wait for the write lock.
                let mut $transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                let result = $body;
                $transaction.commit().await?;
                result
            }
            $crate::server::store::pool::Pool::Postgres(pool) => {
                let mut $transaction = pool.begin().await?;
                let result = $body;
                $transaction.commit().await?;
                result
            }
        }
    };
}

pub(super) use {in_transaction, on_pool};

impl Store {
    /// Opens the database, makes it where it is absent (SQLite), and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError`]: unreachable, not writable, or with tables of a newer version.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let pool = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
            Pool::Postgres(options.connect(url).await?)
        } else {
            let connection: SqliteConnectOptions = url.parse()?;
            let connection = connection
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: the sign-out that was acknowledged survives power loss. NORMAL would only survive a crash.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
                .foreign_keys(true);
            let options = SqlitePoolOptions::new().max_connections(SQLITE_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
            Pool::Sqlite { pool: options.connect_with(connection).await?, writing: Mutex::new(()) }
        };
        let store = Self { pool };
        let migrator = migrator();
        on_pool!(store, |pool| migrator.run(pool).await)?;
        Ok(store)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError`] where it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        on_pool!(self, |pool| sqlx::query("SELECT 1").execute(pool).await.map(|_| ())?);
        Ok(())
    }

    /// What SQLite says of its own durability: journal mode, and `synchronous` as a number (2 is FULL).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sqlite_durability(&self) -> Result<Option<(String, i64)>, StoreError> {
        let Pool::Sqlite { pool, .. } = &self.pool else { return Ok(None) };
        let (journal_mode,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(pool).await?;
        let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(pool).await?;
        Ok(Some((journal_mode, synchronous)))
    }

    /// Closes all connections, after what is under way.
    pub async fn close(&self) {
        on_pool!(self, |pool| pool.close().await);
    }
}

fn migrator() -> Migrator {
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, description.into(), MigrationType::Simple, AssertSqlSafe(sql).into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
}
