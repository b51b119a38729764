//! The connections to PostgreSQL. A statement of the store runs on one of them, or on one that a transaction holds; both have
//! a time limit.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Either, Error, Execute, Executor, SqlStr};
use tokio::time::Instant;

use super::held::{Held, Rows};
use super::outage::Outage;
use super::pooler::Found;
use super::standbys;
use crate::server::domain::database::Database;

/// The connections. Cloning it clones pointers.
#[derive(Clone)]
pub(super) struct Postgres {
    pool: PgPool,
    limit: Duration,
    /// Whether each connection has a server process to itself. A pooler in transaction mode gives every transaction another
    /// one: prepared statements are not there, and between two messages of one statement it may change too. So then every
    /// statement is a transaction, and none is kept prepared.
    dedicated: Arc<AtomicBool>,
    /// Whether this is PostgreSQL itself, and not an engine that speaks its protocol without all its functions.
    postgresql: bool,
    outage: Outage,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postgres")
    }
}

impl Postgres {
    /// Prepares connections; none is made yet.
    pub(super) fn new(database: &Database, options: PgConnectOptions, found: Found) -> Self {
        let outage = Outage::new(options.clone(), database.timeout);
        let living = outage.clone();
        let pool = PgPoolOptions::new()
            .max_connections(database.max_connections)
            .acquire_timeout(database.timeout)
            // One more message to the server and back for every statement. Instead, an error closes all that are as old.
            .test_before_acquire(false)
            .before_acquire(move |_, connection| {
                let usable = living.survived(connection.age);
                Box::pin(async move { Ok(usable) })
            })
            .connect_lazy_with(options);
        Self {
            pool,
            limit: database.timeout,
            dedicated: Arc::new(AtomicBool::new(found.dedicated)),
            postgresql: found.postgresql,
            outage,
        }
    }

    pub(super) async fn begin(&self) -> Result<Transaction, Error> {
        self.begin_as("BEGIN").await
    }

    /// Begins with this statement.
    pub(super) async fn begin_as(&self, begin: &'static str) -> Result<Transaction, Error> {
        let mut held = self.hold().await?;
        held.run(sqlx::raw_sql(begin)).await?;
        Ok(Transaction { held, postgresql: self.postgresql, unlocks_early: false })
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    /// Whether statements are prepared and kept.
    pub(super) fn is_dedicated(&self) -> bool {
        self.dedicated.load(Ordering::Relaxed)
    }

    /// Whether there are notifications, and functions about the server.
    pub(super) const fn is_postgresql(&self) -> bool {
        self.postgresql
    }

    async fn hold(&self) -> Result<Held, Error> {
        self.outage.check()?;
        let deadline = Instant::now() + self.limit;
        let connection = match self.pool.acquire().await {
            Ok(connection) => connection,
            Err(error) => {
                // All connections busy is no outage.
                let busy = matches!(error, Error::PoolTimedOut)
                    && self.pool.size() >= self.pool.options().get_max_connections();
                if !busy {
                    self.outage.begin(&error);
                }
                return Err(error);
            }
        };
        Ok(Held::new(connection, &self.dedicated, &self.outage, self.limit, deadline))
    }

    /// Runs one statement.
    async fn run<'q, E: Execute<'q, sqlx::Postgres> + 'q>(&self, query: E) -> Result<Rows, Error> {
        if self.is_dedicated() {
            return self.hold().await?.run(query).await;
        }
        let mut transaction = self.begin().await?;
        let rows = transaction.held.run(query).await?;
        transaction.commit().await?;
        Ok(rows)
    }
}

/// A transaction. If it is dropped before its commit, it is rolled back.
pub(super) struct Transaction {
    held: Held,
    /// Whether this is PostgreSQL itself.
    postgresql: bool,
    unlocks_early: bool,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transaction")
    }
}

impl Transaction {
    /// Makes the commit unlock all rows before it is durable, if this database can. For a row that all transactions of all
    /// processes need: they wait for each other, but not for the disk and the standbys.
    pub(super) const fn unlock_early(&mut self) -> bool {
        self.unlocks_early = self.postgresql;
        self.unlocks_early
    }

    /// Commits. Durable when this returns, also on the standbys that the operator demands: an `Ok` to COMMIT is not enough, because
    /// PostgreSQL says it too when an operator cancels the wait for a standby.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        let commit = match (self.postgresql, self.unlocks_early) {
            (false, _) => "COMMIT",
            (true, false) => standbys::COMMIT,
            (true, true) => &standbys::COMMIT_UNLOCKING_EARLY,
        };
        let held = &mut self.held;
        let committed = held.run(sqlx::raw_sql(commit)).await?;
        standbys::confirm(held, &committed).await?;
        held.give_back();
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.held.roll_back();
    }
}

impl<'p> Executor<'p> for &'p Postgres {
    type Database = sqlx::Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, sqlx::Postgres>,
    {
        stream_of(self.run(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, sqlx::Postgres>,
    {
        Box::pin(async move { Ok(first_of(self.run(query).await?)) })
    }

    fn prepare_with<'e>(self, _: SqlStr, _: &'e [PgTypeInfo]) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'p: 'e,
    {
        unprepared()
    }
}

impl<'t> Executor<'t> for &'t mut Transaction {
    type Database = sqlx::Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        't: 'e,
        E: 'q + Execute<'q, sqlx::Postgres>,
    {
        stream_of(self.held.run(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        't: 'e,
        E: 'q + Execute<'q, sqlx::Postgres>,
    {
        Box::pin(async move { Ok(first_of(self.held.run(query).await?)) })
    }

    fn prepare_with<'e>(self, _: SqlStr, _: &'e [PgTypeInfo]) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        't: 'e,
    {
        unprepared()
    }
}

fn stream_of<'e>(
    running: impl Future<Output = Result<Rows, Error>> + Send + 'e,
) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>> {
    stream::once(running).map_ok(|rows| stream::iter(rows.into_iter().map(Ok))).try_flatten().boxed()
}

fn first_of(rows: Rows) -> Option<PgRow> {
    rows.into_iter().find_map(Either::right)
}

/// The store prepares no statement beforehand.
fn unprepared<'e>() -> BoxFuture<'e, Result<PgStatement, Error>> {
    Box::pin(std::future::ready(Err(Error::Protocol("statements are prepared when they run".to_owned()))))
}
