//! Finds out what answers at an address of PostgreSQL: the server itself, or a pooler that gives each transaction another server
//! process, like PgBouncer in transaction mode; PostgreSQL, or another engine that speaks its protocol.

use std::io;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{ConnectOptions as _, Connection as _, Error, Row as _};
use tokio::time::timeout;

/// How long a connection may take: a network that loses all packets must not stop a start for minutes.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the second connection may wait for a server process that the first one holds: some poolers have only one.
const LIMIT: Duration = Duration::from_secs(2);
const FUNCTIONS: &str = "SELECT COUNT(DISTINCT proname)::int FROM pg_catalog.pg_proc WHERE proname IN \
    ('pg_notify', 'pg_current_wal_flush_lsn', 'pg_postmaster_start_time', 'pg_is_in_recovery', 'pg_stat_get_wal_senders')";

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Each connection has a server process to itself.
    pub dedicated: bool,
    /// All functions of PostgreSQL are there that the store uses where it can.
    pub postgresql: bool,
}

/// Asks over two connections.
///
/// # Errors
/// If there is no connection.
pub(super) async fn find_out(options: &PgConnectOptions) -> Result<Found, Error> {
    let mut one = connect(options).await?;
    let mut other = connect(options).await?;
    let postgresql = number(&mut one, FUNCTIONS).await.is_ok_and(|functions| functions == 5);
    let dedicated = timeout(LIMIT, async {
        // A pooler gives the process that was used last to the next one who asks.
        let before = number(&mut one, "SELECT pg_backend_pid()").await?;
        let held = number(&mut other, "BEGIN; SELECT pg_backend_pid()").await?;
        let after = number(&mut one, "SELECT pg_backend_pid()").await?;
        Ok::<_, Error>(before == after && before != held)
    })
    .await
    .unwrap_or(Ok(false))?;
    // A connection that waits is just dropped.
    if dedicated {
        one.close().await?;
        other.close().await?;
    }
    Ok(Found { dedicated, postgresql })
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no answer within 10 seconds");
    timeout(CONNECT, options.connect()).await.map_err(late)?
}

/// Sends text, not a prepared statement.
async fn number(connection: &mut PgConnection, sql: &'static str) -> Result<i32, Error> {
    let row: PgRow = sqlx::raw_sql(sql).fetch_one(connection).await?;
    row.try_get(0)
}
