//! Follows the table of the blocklist: this process rejects soon what another process (`handstamp user remove`) has
//! written.

use std::time::Duration;

use super::block::add;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// How long a change by another process may take until it is seen here: half of the bound of promise 2.
pub const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// The shortest time between two reads for sign-outs of this process. Many sign-outs then share a read.
pub const FOLLOW_PAUSE: Duration = Duration::from_millis(10);

/// The position up to which the table was read.
#[derive(Debug)]
pub struct BlocklistFollower {
    seen: i64,
}

impl BlocklistFollower {
    /// Loads all rows. Call it before the first request is served, so that no revoked token is valid after a restart.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(state: &AppState) -> Result<Self, StoreError> {
        state.blocklist.reserve(usize::try_from(state.store.count_blocked().await?).unwrap_or(0));
        let seen = state.store.load_blocklist(|rows| state.blocklist.load(rows)).await?;
        state.news.begin(seen);
        state.measures.synced(state.world.uptime());
        Ok(Self { seen })
    }

    /// Loads the rows that were added since the last call, and tells them to the services that follow the blocklist.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is lost: the next call reads the same rows.
    pub async fn catch_up(&mut self, state: &AppState) -> Result<(), StoreError> {
        let rows = state.store.list_blocked_since(self.seen).await?;
        for entry in &rows {
            add(state, *entry);
            self.seen = entry.seq;
        }
        if state.news.append(&rows) {
            let state = state.clone();
            tokio::spawn(async move { state.news.release_until_quiet().await });
        }
        state.measures.synced(state.world.uptime());
        Ok(())
    }
}
