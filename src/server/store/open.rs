//! Opens the database and updates its tables.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, SqlSafeStr as _, SqliteConnection};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::checkpoints::LONGEST_LOG;
use super::error::StoreError;
use super::pool::{Pool, Store};
use super::pooler;
use super::postgres::Postgres;
use super::writer;
use crate::server::domain::database::Database;

/// All migrations, in order. Never edit a released one; add a new file.
pub const MIGRATIONS: [(i64, &str, &str); 12] = [
    (1, "accounts, sessions, blocklist", include_str!("migrations/0001_accounts_sessions_blocklist.sql")),
    (2, "signing keys, clients", include_str!("migrations/0002_signing_keys_clients.sql")),
    (3, "refresh tokens", include_str!("migrations/0003_refresh_tokens.sql")),
    (4, "security events, invitations", include_str!("migrations/0004_events_invitations.sql")),
    (5, "throttle", include_str!("migrations/0005_throttle.sql")),
    (6, "skeletons", include_str!("migrations/0006_skeletons.sql")),
    (7, "administrators", include_str!("migrations/0007_administrators.sql")),
    (8, "store id", include_str!("migrations/0008_store_id.sql")),
    (9, "purge turn", include_str!("migrations/0009_purge_turn.sql")),
    (10, "audiences", include_str!("migrations/0010_audiences.sql")),
    (11, "factors", include_str!("migrations/0011_factors.sql")),
    (12, "mail", include_str!("migrations/0012_mail.sql")),
];

/// How long a statement waits for another process that holds SQLite's write lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a connection. After that, the answer is 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
const SQLITE_READERS: u32 = 4;

impl Store {
    /// Opens the database, creates it if it is absent (SQLite), and updates its tables.
    ///
    /// # Errors
    /// [`StoreError`] if it is unreachable, not writable, or has tables of a newer version.
    pub async fn open(database: impl Into<Database>) -> Result<Self, StoreError> {
        let database = database.into();
        let pool = if database.is_postgres() {
            let postgres = connected(&database).await?;
            update_postgres(&database).await?;
            Pool::Postgres(postgres)
        } else {
            let connection: SqliteConnectOptions = database.url.parse()?;
            let connection = connection
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: an acknowledged sign-out survives a power failure. With NORMAL it would only survive a crash.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
                .pragma("wal_autocheckpoint", LONGEST_LOG)
                // A statement that changes many rows keeps what it may have to undo. In memory, not in a file of its own.
                .pragma("temp_store", "MEMORY")
                .foreign_keys(true);
            // Connections stay open, also after a failure. The first connection of a database reads the write-ahead log
            // again, and may find a transaction there whose fsync failed. The system does not write those pages again,
            // so a power failure would lose that transaction and all later ones.
            let options = SqlitePoolOptions::new()
                .max_connections(SQLITE_READERS)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None);
            let updating = one_at_a_time(connection.get_filename()).await;
            let mut writer = SqliteConnection::connect_with(&connection).await?;
            // For the same reason, moves what an earlier process left in the write-ahead log into the database.
            sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut writer).await?;
            migrator().run(&mut writer).await?;
            drop(updating);
            let writer = Arc::new(Mutex::new(Some(writer)));
            Pool::Sqlite { pool: options.connect_lazy_with(connection), writer }
        };
        let uses = Arc::default();
        let store = Self { queue: writer::start(pool.clone(), Arc::clone(&uses)), uses, pool };
        store.renew_skeletons().await?;
        Ok(store)
    }
}

/// Parses an address of PostgreSQL.
///
/// # Errors
/// [`StoreError::Address`]. It does not repeat the address, which may contain a password.
pub(super) fn address(url: &str) -> Result<PgConnectOptions, StoreError> {
    url.parse().map_err(StoreError::Address)
}

/// Prepares connections to PostgreSQL, after it has answered.
///
/// # Errors
/// [`StoreError`] if it does not.
pub(super) async fn connected(database: &Database) -> Result<Postgres, StoreError> {
    let options = address(&database.url)?.application_name("handstamp");
    let found = pooler::find_out(&options).await?;
    let options = if found.dedicated { options } else { options.statement_cache_capacity(0) };
    Ok(Postgres::new(database, options, found))
}

/// Updates the tables, on a connection without a time limit. Two processes wait for each other; but not where a pooler stands
/// between, because their lock belongs to a connection.
async fn update_postgres(database: &Database) -> Result<(), StoreError> {
    let options = address(&database.listen_url)?;
    let mut migrator = migrator();
    migrator.set_locking(pooler::find_out(&options).await?.dedicated);
    let mut connection = PgConnection::connect_with(&options.statement_cache_capacity(0)).await?;
    migrator.run(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Waits until no other process opens a database in this folder, and lets none do it until the result is dropped. Two that
/// update the same tables at the same time would fail.
///
/// Locks the folder: a lock on the database is not possible, because to close its file would end SQLite's own locks. Where
/// the system cannot lock a folder, there is no lock.
async fn one_at_a_time(database: &Path) -> Option<File> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = File::open(folder).ok()?;
    // Another one on this thread may hold the lock.
    spawn_blocking(move || folder.lock().map(|()| folder)).await.ok()?.ok()
}

/// Returns the migrator that updates the tables.
#[must_use]
pub fn migrator() -> Migrator {
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, description.into(), MigrationType::Simple, AssertSqlSafe(sql).into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
}
