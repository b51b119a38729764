//! A connection to PostgreSQL in use. Every statement on it must be done before its deadline: PostgreSQL's own limits do not
//! end a commit that waits for a standby, and no limit of the server helps if the network loses its packets.
//!
//! A connection whose statement was not finished, because of the deadline, of an error, or because the caller has gone, is
//! closed: the next one to use it would wait for that statement.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::stream::TryStreamExt as _;
use sqlx::error::{BoxDynError, DatabaseError};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgQueryResult, PgRow, PgStatement};
use sqlx::{Either, Error, Execute, Executor as _, Postgres, SqlStr};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use super::outage::Outage;

/// What a statement returned: its rows, and how many it changed.
pub(super) type Rows = Vec<Either<PgQueryResult, PgRow>>;

/// A connection in use, until the deadline.
pub(super) struct Held {
    /// `None` once it has failed.
    connection: Option<PoolConnection<Postgres>>,
    /// Whether a statement was begun and not finished.
    busy: bool,
    /// Whether statements are prepared and kept: see [`Postgres`](super::postgres::Postgres).
    dedicated: Arc<AtomicBool>,
    outage: Outage,
    limit: Duration,
    deadline: Instant,
}

impl Held {
    pub(super) fn new(
        connection: PoolConnection<Postgres>,
        dedicated: &Arc<AtomicBool>,
        outage: &Outage,
        limit: Duration,
        deadline: Instant,
    ) -> Self {
        Self {
            connection: Some(connection),
            busy: false,
            dedicated: Arc::clone(dedicated),
            outage: outage.clone(),
            limit,
            deadline,
        }
    }

    /// Ends what was begun on the connection, in a time limit of its own.
    pub(super) fn roll_back(&mut self) {
        let (Some(connection), false, Ok(runtime)) = (self.connection.take(), self.busy, Handle::try_current()) else {
            return;
        };
        let deadline = Instant::now() + self.limit;
        let mut held = Self::new(connection, &self.dedicated, &self.outage, self.limit, deadline);
        runtime.spawn(async move { held.run(sqlx::raw_sql("ROLLBACK")).await });
    }

    /// Gives the connection back to the others.
    pub(super) fn give_back(&mut self) {
        self.connection = None;
    }

    /// Runs a statement. If its connection fails, an outage begins.
    pub(super) async fn run<'q, E: Execute<'q, Postgres> + 'q>(&mut self, query: E) -> Result<Rows, Error> {
        let connection = self.connection.as_mut().ok_or(Error::PoolClosed)?;
        let query = Statement { query, prepared: self.dedicated.load(Ordering::Relaxed) };
        self.busy = true;
        let done = timeout_at(self.deadline, (&mut **connection).fetch_many(query).try_collect()).await;
        match done.unwrap_or_else(|_| Err(too_late())) {
            Ok(rows) => {
                self.busy = false;
                Ok(rows)
            }
            Err(error) => {
                if is_of_connection(&error) {
                    self.discard();
                    self.outage.begin(&error);
                } else {
                    if is_of_pooler(&error) {
                        self.dedicated.store(false, Ordering::Relaxed);
                    }
                    self.busy = false;
                }
                Err(error)
            }
        }
    }

    fn discard(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.busy {
            self.discard();
        }
    }
}

/// A statement that is kept prepared or not, as the connection can.
struct Statement<E> {
    query: E,
    prepared: bool,
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Statement<E> {
    fn sql(self) -> SqlStr {
        self.query.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.query.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.query.take_arguments()
    }

    fn persistent(&self) -> bool {
        self.prepared && self.query.persistent()
    }
}

fn too_late() -> Error {
    io::Error::new(io::ErrorKind::TimedOut, "PostgreSQL did not answer within DATABASE_TIMEOUT").into()
}

/// Whether the connection is of no use any more, or never was: class 08 of SQLSTATE, the ends of a server process (57P), and
/// 25006, a standby that takes no writes.
pub(super) fn is_of_connection(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed | Error::PoolTimedOut => true,
        Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || code == "25006")
        }
        _ => false,
    }
}

/// Whether a pooler has given the statement to a server process that does not know it, or knows another one of its name.
fn is_of_pooler(error: &Error) -> bool {
    error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == "26000" || code == "42P05")
}
