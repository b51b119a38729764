//! The connection to SQLite or PostgreSQL, and the two macros by which one SQL text serves both.

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, SqlSafeStr as _, SqliteConnection};
use tokio::sync::Mutex;

use super::writer::Queue;

/// Every change of the tables, in order. What has been released is never edited: a later change is a later file.
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
/// How long a request waits for a connection before the answer is 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// SQLite readers; the writer is one anyway.
const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

/// The store. Its queries stand in the modules beside this one, one a table.
pub struct Store {
    pub(super) pool: Pool,
    pub(super) queue: Queue,
}

/// One of two databases. Cloning it clones pointers.
#[derive(Clone)]
pub(super) enum Pool {
    Sqlite {
        pool: SqlitePool,
        /// SQLite has one writer. Waiting here is fair and wakes at once; inside SQLite it would be polling.
        writing: Arc<Mutex<()>>,
    },
    Postgres(PgPool),
}

/// The store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("the tables could not be brought up to date")]
    Migrate(#[from] MigrateError),
    #[error("the store is closed")]
    Closed,
    #[error("what was to be changed has been changed by somebody else")]
    Outdated,
    /// A row that we cannot have written. Names the column, never its content.
    #[error("the column `{0}` holds what this version does not understand")]
    Damaged(&'static str),
}

impl StoreError {
    /// Whether another process has SQLite's file to itself, and kept it for longer than is waited.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let (Self::Database(error)
        | Self::Migrate(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))) = self
        else {
            return false;
        };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // The low byte of an extended code is the code: 5 is SQLITE_BUSY.
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

/// Runs one block in a transaction of either database; it commits where the block gives `Ok`, and rolls back else.
macro_rules! in_transaction {
    ($store:expr, |$transaction:ident| $body:block) => {
        match &$store.pool {
            $crate::server::store::pool::Pool::Sqlite { pool, writing } => {
                let _turn = writing.lock().await;
                // Not a transaction of sqlx's: a disk that fails makes SQLite end one by itself, and sqlx would go on
                // counting it and never begin another on that connection.
                let mut $transaction = pool.acquire().await?;
                // IMMEDIATE: a transaction that reads first and writes later could not wait for the write lock.
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
            // Connections are kept, also after a failure: whoever opens the only one reads the write-ahead log anew, and
            // may find there a transaction whose fsync has failed. The system will not write its pages again, so that a
            // power failure would take it, and with it all that came later.
            let options = SqlitePoolOptions::new()
                .max_connections(SQLITE_CONNECTIONS)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .idle_timeout(None)
                .max_lifetime(None)
                .after_release(|connection, _| Box::pin(end_transaction(connection)));
            let pool = match options.connect_with(connection.clone()).await {
                // The pool does not say what it has waited for. Whoever asks by himself is told, if it is still so.
                Err(sqlx::Error::PoolTimedOut) => {
                    let alone = SqliteConnection::connect_with(&connection).await;
                    return Err(alone.err().unwrap_or(sqlx::Error::PoolTimedOut).into());
                }
                pool => pool?,
            };
            // Likewise what the process before this one may have left: into the database with it.
            sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(&pool).await?;
            Pool::Sqlite { pool, writing: Arc::default() }
        };
        let store = Self { queue: Queue::start(pool.clone()), pool };
        let migrator = migrator();
        on_pool!(store, |pool| migrator.run(pool).await)?;
        store.renew_skeletons().await?;
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

/// Whoever failed or gave up halfway has left a transaction open. Where there is none SQLite says so, and all is well.
async fn end_transaction(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let _ = sqlx::raw_sql("ROLLBACK").execute(connection).await;
    Ok(true)
}

/// What brings tables up to date.
#[must_use]
pub fn migrator() -> Migrator {
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, description.into(), MigrationType::Simple, AssertSqlSafe(sql).into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
}
