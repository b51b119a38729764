//! PostgreSQL does not answer: then no request tries, but one probe. Each try that ends at our time limit leaves a server process
//! behind that waits for as long as the trouble lasts, and an hour of tries would take all that PostgreSQL has.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Error};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

/// Time between two probes.
const PAUSE: Duration = Duration::from_millis(100);
/// Commits of this user that wait for a standby. There is no such wait where there is no such view.
const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE usename = current_user AND wait_event = 'SyncRep'";
/// A commit that changes nothing, and waits for no lock that another probe may hold.
const COMMIT_NOTHING: &str = "UPDATE counters SET value = value WHERE name = \
                              (SELECT name FROM counters WHERE name = 'first_account' FOR UPDATE SKIP LOCKED)";

/// Whether there is an outage. Cloning it clones a pointer.
#[derive(Clone)]
pub(super) struct Outage(Arc<Inner>);

struct Inner {
    options: PgConnectOptions,
    limit: Duration,
    lasts: AtomicBool,
    /// Connections made before are not used again.
    last_failure: Mutex<Option<Instant>>,
}

impl Outage {
    pub(super) fn new(options: PgConnectOptions, limit: Duration) -> Self {
        Self(Arc::new(Inner { options, limit, lasts: AtomicBool::new(false), last_failure: Mutex::default() }))
    }

    /// Fails while there is an outage.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.0.lasts.load(Ordering::Relaxed) {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "PostgreSQL did not answer before").into());
        }
        Ok(())
    }

    /// Whether a connection of this age was made after the last failure.
    pub(super) fn survived(&self, age: Duration) -> bool {
        let made_at = Instant::now().checked_sub(age);
        self.last_failure().is_none_or(|failure| made_at.is_some_and(|made_at| made_at > failure))
    }

    /// A connection has failed. From now on, all tries fail until a probe has committed.
    pub(super) fn begin(&self, error: &Error) {
        *self.last_failure() = Some(Instant::now());
        if !self.0.lasts.swap(true, Ordering::Relaxed) {
            warn!(%error, "PostgreSQL does not answer; requests that need it get 503 until it does");
            tokio::spawn(self.clone().probe());
        }
    }

    async fn probe(self) {
        // Not before the first one: most outages are the end of one connection.
        while let Err(error) = self.try_to_commit().await {
            tracing::debug!(%error, "PostgreSQL does not answer yet");
            sleep(PAUSE).await;
        }
        self.0.lasts.store(false, Ordering::Relaxed);
        info!("PostgreSQL answers");
    }

    async fn try_to_commit(&self) -> Result<(), Error> {
        let late = |_| Error::from(io::Error::from(io::ErrorKind::TimedOut));
        timeout(self.0.limit, async {
            let mut connection = PgConnection::connect_with(&self.0.options).await?;
            // A probe would wait for the same standby.
            let (waiting,): (i64,) =
                sqlx::query_as(WAITING).persistent(false).fetch_one(&mut connection).await.unwrap_or_default();
            if waiting > 0 {
                return Err(Error::Protocol(format!("{waiting} commits wait for a standby")));
            }
            let done = sqlx::raw_sql(COMMIT_NOTHING).execute(&mut connection).await?;
            if done.rows_affected() == 0 {
                return Err(Error::Protocol("another process tries".to_owned()));
            }
            connection.close().await
        })
        .await
        .map_err(late)?
    }

    fn last_failure(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.last_failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
