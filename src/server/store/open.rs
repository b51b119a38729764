//! Opens the database, and brings its tables up to date.

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, SqlSafeStr as _, SqliteConnection};

use super::error::StoreError;
use super::pool::{Pool, Store, on_pool};
use super::writer;

/// Every change of the tables, in order. What has been released is never edited: a later change is a later file.
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
/// How long a request waits for a connection before the answer is 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// SQLite readers; the writer is one anyway.
const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

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
        let store = Self { queue: writer::start(pool.clone()), pool };
        let migrator = migrator();
        on_pool!(store, |pool| migrator.run(pool).await)?;
        store.renew_skeletons().await?;
        Ok(store)
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
