//! Opens the database and updates its tables.

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, SqlSafeStr as _, SqliteConnection};

use super::error::StoreError;
use super::pool::{Pool, Store, on_pool};
use super::writer;

/// All migrations, in order. Never edit a released one; add a new file.
pub const MIGRATIONS: [(i64, &str, &str); 7] = [
    (1, "accounts, sessions, blocklist", include_str!("migrations/0001_accounts_sessions_blocklist.sql")),
    (2, "signing keys, clients", include_str!("migrations/0002_signing_keys_clients.sql")),
    (3, "refresh tokens", include_str!("migrations/0003_refresh_tokens.sql")),
    (4, "security events, invitations", include_str!("migrations/0004_events_invitations.sql")),
    (5, "throttle", include_str!("migrations/0005_throttle.sql")),
    (6, "skeletons", include_str!("migrations/0006_skeletons.sql")),
    (7, "administrators", include_str!("migrations/0007_administrators.sql")),
];

/// How long a statement waits for another process that holds SQLite's write lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a connection. After that, the answer is 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections of SQLite that read. There is only one that writes.
const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

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
        let store = Self { queue: writer::start(pool.clone()), pool };
        let migrator = migrator();
        on_pool!(store, |pool| migrator.run(pool).await)?;
        store.renew_skeletons().await?;
        Ok(store)
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
