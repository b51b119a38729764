//! Moves commits from SQLite's write-ahead log into the database, beside the commits that go on. SQLite itself would do it
//! within every tenth commit or so, and all sign-outs that wait for that commit would wait some 10 ms longer.
//!
//! If commits come faster than this can move them, the log grows to [`LONGEST_LOG`]. Then SQLite moves the rest within a
//! commit and begins the log anew.

use sqlx::SqlitePool;
use tokio::sync::mpsc;
use tracing::warn;

/// Pages of 4 KiB.
pub(super) const LONGEST_LOG: &str = "8000";

/// Writes after which the log is moved: they change about 1000 pages.
const EVERY: usize = 400;

/// Counts writes, and lets the log be moved.
pub(super) struct Checkpoints {
    written: usize,
    due: mpsc::Sender<()>,
}

impl Checkpoints {
    /// Starts the task, which ends with this.
    pub(super) fn start(pool: SqlitePool) -> Self {
        let (due, is_due) = mpsc::channel(1);
        tokio::spawn(work(pool, is_due));
        Self { written: 0, due }
    }

    /// Counts writes that were committed. Does not wait.
    pub(super) fn count(&mut self, writes: usize) {
        self.written += writes;
        if self.written >= EVERY {
            self.written = 0;
            // Fails if the log is being moved and will be moved once more, or if the process stops.
            let _ = self.due.try_send(());
        }
    }
}

async fn work(pool: SqlitePool, mut is_due: mpsc::Receiver<()>) {
    while is_due.recv().await.is_some() {
        // PASSIVE: waits for no reader and no writer, and none waits for it.
        match sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(&pool).await {
            Ok(_) | Err(sqlx::Error::PoolClosed) => {}
            Err(error) => warn!(%error, "Commits could not be moved from the write-ahead log into the database"),
        }
    }
}
