//! News from other processes on the same PostgreSQL, as soon as they commit. It only makes things faster: a process that hears nothing
//! still reads the table several times a second.
//!
//! Whether it hears at all, a listener finds out by its own heartbeat. A pooler answers LISTEN with `Ok`, and the listener
//! hears nothing, in silence.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::Error;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::error::StoreError;
use super::open::address;
use super::pool::{Pool, Store};
use super::postgres::Postgres;
use crate::server::domain::database::Database;

/// `NEXT_SEQ_TOLD` in `blocklist.rs` and [`BEAT`] name it too.
const CHANNEL: &str = "handstamp";
const BEAT: &str = "SELECT pg_notify('handstamp', $1)";
/// Time between two heartbeats.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// If none is heard for this time, the connection is replaced.
const SILENCE: Duration = Duration::from_secs(5);
/// Time before the next connection.
const PAUSE: Duration = Duration::from_millis(200);

/// A listener. It ends when this is dropped.
pub struct Listening {
    hears: Arc<AtomicBool>,
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Listening {
    /// Whether it has heard its own heartbeat lately.
    #[must_use]
    pub fn hears(&self) -> bool {
        self.hears.load(Ordering::Relaxed)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Store {
    /// Starts to listen; calls `news` at each sign-out that another process or this one has committed. `id` tells this process
    /// from others. `None`: this database has no notifications.
    ///
    /// # Errors
    /// [`StoreError`] if the address cannot be parsed.
    pub fn listen(&self, database: &Database, id: &str, news: &Arc<Notify>) -> Result<Option<Listening>, StoreError> {
        let Pool::Postgres(postgres) = &self.pool else { return Ok(None) };
        if !postgres.is_postgresql() {
            return Ok(None);
        }
        let options = address(&database.listen_url)?.application_name("handstamp listens");
        let hears = Arc::new(AtomicBool::new(false));
        let listener = Listener { options, id: id.to_owned(), hears: Arc::clone(&hears), news: Arc::clone(news) };
        let tasks = [tokio::spawn(listener.work()), tokio::spawn(beat(postgres.clone(), id.to_owned()))];
        Ok(Some(Listening { hears, tasks }))
    }
}

struct Listener {
    options: PgConnectOptions,
    id: String,
    hears: Arc<AtomicBool>,
    news: Arc<Notify>,
}

impl Listener {
    async fn work(self) {
        let mut said = false;
        loop {
            let ended = self.hear().await;
            let heard = self.hears.swap(false, Ordering::Relaxed);
            match ended {
                Ok(()) if !heard && !said => {
                    said = true;
                    warn!(
                        "DATABASE_LISTEN_URL brings no news: a pooler may stand between; set it to PostgreSQL itself. Until then this server hears of other servers' sign-outs by reading"
                    );
                }
                // The reading of the blocklist says the same, in the log.
                Ok(()) | Err(_) => said &= !heard,
            }
            sleep(PAUSE).await;
        }
    }

    /// Listens until the connection ends, or nothing is heard.
    async fn hear(&self) -> Result<(), Error> {
        let pool =
            PgPoolOptions::new().max_connections(1).acquire_timeout(SILENCE).max_lifetime(None).idle_timeout(None);
        let pool = pool.connect_lazy_with(self.options.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        // What was said before is not heard.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        self.news.notify_one();
        while let Ok(said) = timeout(SILENCE, listener.try_recv()).await {
            match said? {
                Some(said) if said.payload() == self.id => {
                    if !self.hears.swap(true, Ordering::Relaxed) {
                        info!("Listening to the other servers on this database");
                    }
                }
                // Another server's heartbeat.
                Some(said) if !said.payload().is_empty() => {}
                Some(_) => self.news.notify_one(),
                None => {
                    self.news.notify_one();
                    break;
                }
            }
        }
        Ok(())
    }
}

async fn beat(postgres: Postgres, id: String) {
    loop {
        // If it fails, the listener hears it.
        let _ = sqlx::query(BEAT).bind(&id).execute(&postgres).await;
        sleep(BEAT_EVERY).await;
    }
}
