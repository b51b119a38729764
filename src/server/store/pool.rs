//! The connection to SQLite or PostgreSQL, and the two macros with which one SQL text works on both.

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, SqlSafeStr as _, SqliteConnection};
use tokio::sync::Mutex;

use super::writer::Queue;

/// All migrations, in order. Never edit a released one; add a new file.
pub const MIGRATIONS: [(i64, &str, &str); 6] = [
    (1, "accounts, sessions, blocklist", include_str!("migrations/0001_accounts_sessions_blocklist.sql")),
    (2, "signing keys, clients", include_str!("migrations/0002_signing_keys_clients.sql")),
    (3, "refresh tokens", include_str!("migrations/0003_refresh_tokens.sql")),
    (4, "security events, invitations", include_str!("migrations/0004_events_invitations.sql")),
    (5, "throttle", include_str!("migrations/0005_throttle.sql")),
    (6, "skeletons", include_str!("migrations/0006_skeletons.sql")),
];

/// How long a statement waits for another process that holds SQLite's write lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a connection. After that, the answer is 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections of SQLite that read. There is only one that writes.
const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

/// The store. Its queries are in the modules beside this one, one for each table.
pub struct Store {
    pub(super) pool: Pool,
    pub(super) queue: Queue,
}

/// One of the two databases. Cloning it clones pointers.
#[derive(Clone)]
pub(super) enum Pool {
    Sqlite {
        pool: SqlitePool,
        /// SQLite has one writer. Waiting here is fair and ends at once; SQLite itself would poll.
        writing: Arc<Mutex<()>>,
    },
    Postgres(PgPool),
}

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("the tables could not be updated")]
    Migrate(#[from] MigrateError),
    #[error("the store is closed")]
    Closed,
    #[error("another request changed the same data first")]
    Outdated,
    /// A row that this program cannot have written. The message has the column, never its content.
    #[error("the column `{0}` has a value that this version does not know")]
    Damaged(&'static str),
}

impl StoreError {
    /// Returns whether another process has locked SQLite's file for longer than we wait.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let (Self::Database(error)
        | Self::Migrate(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))) = self
        else {
            return false;
        };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // The low byte of an extended code is the basic code: 5 is SQLITE_BUSY.
        code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
    }
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

/// Runs one block in a transaction of either database. Commits if the block returns `Ok`; otherwise rolls back.
macro_rules! in_transaction {
    ($store:expr, |$transaction:ident| $body:block) => {
        match &$store.pool {
            $crate::server::store::pool::Pool::Sqlite { pool, writing } => {
                let _turn = writing.lock().await;
                // Not a transaction of sqlx: if the disk fails, SQLite ends a transaction by itself, but sqlx still
                // counts it as open and never begins another one on that connection.
                let mut $transaction = pool.acquire().await?;
                // IMMEDIATE: a transaction that reads first and writes later cannot wait for the write lock.
                sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *$transaction).await?;
                let result = $body;
                sqlx::raw_sql("COMMIT").execute(&mut *$transaction).await?;
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
    /// Opens the database, creates it if it is absent (SQLite), and updates its tables.
    ///
    /// # Errors
    /// [`StoreError`] if it is unreachable, not writable, or has tables of a newer version.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let pool = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
            Pool::Postgres(options.connect(url).await?)
        } else {
            let connection: SqliteConnectOptions = url.parse()?;
            let connection = connection
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: an acknowledged sign-out survives a power failure. With NORMAL it would only survive a crash.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
                .foreign_keys(true);
            // Connections stay open, also after a failure. The first connection of a database reads the write-ahead log
            // again, and may find a transaction there whose fsync failed. The system does not write those pages again,
            // so a power failure would lose that transaction and all later ones.
            let options = SqlitePoolOptions::new()
                .max_connections(SQLITE_CONNECTIONS)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .idle_timeout(None)
                .max_lifetime(None)
                .after_release(|connection, _| Box::pin(end_transaction(connection)));
            let pool = match options.connect_with(connection.clone()).await {
                // The pool does not report why it waited. A direct connection returns the reason, if it still exists.
                Err(sqlx::Error::PoolTimedOut) => {
                    let alone = SqliteConnection::connect_with(&connection).await;
                    return Err(alone.err().unwrap_or(sqlx::Error::PoolTimedOut).into());
                }
                pool => pool?,
            };
            // For the same reason, moves what an earlier process left in the write-ahead log into the database.
            sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(&pool).await?;
            Pool::Sqlite { pool, writing: Arc::default() }
        };
        let store = Self { queue: Queue::start(pool.clone()), pool };
        let migrator = migrator();
        on_pool!(store, |pool| migrator.run(pool).await)?;
        store.renew_skeletons().await?;
        Ok(store)
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`StoreError`] if it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        on_pool!(self, |pool| sqlx::query("SELECT 1").execute(pool).await.map(|_| ())?);
        Ok(())
    }

    /// Returns SQLite's settings for durability: the journal mode, and `synchronous` as a number (2 is FULL).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sqlite_durability(&self) -> Result<Option<(String, i64)>, StoreError> {
        let Pool::Sqlite { pool, .. } = &self.pool else { return Ok(None) };
        let (journal_mode,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(pool).await?;
        let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(pool).await?;
        Ok(Some((journal_mode, synchronous)))
    }

    /// Closes all connections after their current statements.
    pub async fn close(&self) {
        on_pool!(self, |pool| pool.close().await);
    }
}

/// Rolls back a transaction that a failed or dropped task left open. If there is none, SQLite reports an error, which
/// is ignored.
async fn end_transaction(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let _ = sqlx::raw_sql("ROLLBACK").execute(connection).await;
    Ok(true)
}

/// Returns the migrator that updates the tables.
#[must_use]
pub fn migrator() -> Migrator {
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, description.into(), MigrationType::Simple, AssertSqlSafe(sql).into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
}
