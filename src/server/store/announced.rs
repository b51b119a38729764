//! A server announces itself on PostgreSQL, for as long as it lives: by the name of a connection, which other servers read. The
//! connection ends with its process, whatever ends it; so no row must be renewed, and no clock compared.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Error};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::error::StoreError;
use super::open::address;
use super::pooler;
use crate::server::domain::database::Database;

const PREFIX: &str = "handstamp serves;";
/// PostgreSQL cuts longer names of connections (`NAMEDATALEN`).
const LONGEST: usize = 63;
/// One start at a time looks and announces.
const ALONE: &str = "SELECT pg_advisory_lock(hashtext('handstamp start'))";
const NOT_ALONE: &str = "SELECT pg_advisory_unlock(hashtext('handstamp start'))";
/// A machine that lost its power must not be taken for a server that lives for two hours.
const NOTICE_THE_END: &str =
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
const NAME: &str = "SELECT set_config('application_name', $1, false)";
const OTHERS: &str = "SELECT application_name FROM pg_stat_activity \
                      WHERE datname = current_database() AND starts_with(application_name, $1) AND application_name <> $2";
/// How often and how long a connection that ends may still be listed.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);
/// Time for all other starts.
const LIMIT: Duration = Duration::from_secs(30);
/// Time between two looks whether the connection is alive.
const CHECK: Duration = Duration::from_secs(5);

/// That a server is announced.
pub struct Announcement {
    end: mpsc::Sender<mpsc::Sender<()>>,
}

/// What came of it.
pub enum Announced {
    Yes(Announcement),
    /// Another server lives with another text.
    Different(String),
    /// There is no connection that lasts.
    Impossible,
}

impl Announcement {
    /// Ends it.
    pub async fn end(&self) {
        let (done, mut is_done) = mpsc::channel(1);
        // Fails if it has ended.
        if self.end.send(done).await.is_ok() {
            is_done.recv().await;
        }
    }
}

/// Announces a server with what all servers on this database must have alike.
///
/// # Errors
/// [`StoreError`].
pub async fn announce(database: &Database, text: &str) -> Result<Announced, StoreError> {
    let options = address(&database.listen_url)?;
    let found = pooler::find_out(&options).await?;
    if !found.dedicated || !found.postgresql {
        warn!(
            "DATABASE_LISTEN_URL leads to a pooler, so it is not checked whether the other servers have the same settings; set it to PostgreSQL itself"
        );
        return Ok(Announced::Impossible);
    }
    let name = name_of(text);
    let mut connection = options.connect().await?;
    let different = timeout(LIMIT, look_and_announce(&mut connection, &name));
    let different = different.await.map_err(|_| StoreError::Unreachable)??;
    if let Some(theirs) = different {
        connection.close().await?;
        return Ok(Announced::Different(theirs.trim_start_matches(PREFIX).to_owned()));
    }
    let (end, ended) = mpsc::channel(1);
    tokio::spawn(stay(connection, options, name, ended));
    Ok(Announced::Yes(Announcement { end }))
}

/// The text, as much as another server can read of it.
#[must_use]
pub fn shown_of(text: &str) -> String {
    name_of(text).trim_start_matches(PREFIX).to_owned()
}

fn name_of(text: &str) -> String {
    PREFIX.chars().chain(text.chars()).filter(|c| matches!(c, ' '..='~')).take(LONGEST).collect()
}

async fn look_and_announce(connection: &mut PgConnection, name: &str) -> Result<Option<String>, Error> {
    sqlx::raw_sql(NOTICE_THE_END).execute(&mut *connection).await?;
    sqlx::raw_sql(ALONE).execute(&mut *connection).await?;
    let mut others: Vec<(String,)> = Vec::new();
    for _ in 0..LOOKS {
        others = sqlx::query_as(OTHERS).bind(PREFIX).bind(name).fetch_all(&mut *connection).await?;
        if others.is_empty() {
            sqlx::query(NAME).bind(name).execute(&mut *connection).await?;
            break;
        }
        sleep(PAUSE).await;
    }
    sqlx::raw_sql(NOT_ALONE).execute(&mut *connection).await?;
    Ok(others.pop().map(|(theirs,)| theirs))
}

/// Keeps the connection, and replaces one that fails.
async fn stay(
    connection: PgConnection,
    options: PgConnectOptions,
    name: String,
    mut ended: mpsc::Receiver<mpsc::Sender<()>>,
) {
    let mut connection = Some(connection);
    loop {
        if let Ok(end) = timeout(CHECK, ended.recv()).await {
            if let Some(connection) = connection {
                // If it fails, it has ended too.
                let _ = connection.close().await;
            }
            drop(end);
            return;
        }
        let alive = match &mut connection {
            Some(connection) => timeout(CHECK, connection.ping()).await.is_ok_and(|alive| alive.is_ok()),
            None => false,
        };
        if !alive {
            connection = timeout(CHECK, again(&options, &name)).await.ok().and_then(|made| {
                made.inspect_err(|error| debug!(%error, "This server is not announced on the database")).ok()
            });
        }
    }
}

async fn again(options: &PgConnectOptions, name: &str) -> Result<PgConnection, Error> {
    let mut connection = options.connect().await?;
    sqlx::raw_sql(NOTICE_THE_END).execute(&mut connection).await?;
    sqlx::query(NAME).bind(name).execute(&mut connection).await?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_where_postgresql_cuts_it_and_still_tells_keys_apart() {
        let text = |key: &str| format!("RS256;(key id {key})");
        let (one, other) = (text(&"a".repeat(43)), text(&format!("b{}", "a".repeat(42))));
        assert_eq!(name_of(&one).len(), 63);
        assert_ne!(shown_of(&one), shown_of(&other));
        assert_eq!(shown_of("HS256;(none)"), "HS256;(none)");
        assert!(name_of("").starts_with(PREFIX), "others look for it");
    }
}
