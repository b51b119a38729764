//! Follows the blocklist's table: what another process writes (`handstamp user remove`), this one refuses soon after.

use std::time::Duration;

use super::block::block;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// How long another process's change may take to be seen here: half of the bound of promise 2.
pub const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// How far the table has been read.
#[derive(Debug, Default)]
pub struct BlocklistFollower {
    seen: i64,
}

impl BlocklistFollower {
    /// Takes over what is new. The first call takes everything: it is made before the first request is served, so that
    /// a restart brings no token back to life.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is lost, the next call reads the same rows.
    pub async fn catch_up(&mut self, state: &AppState) -> Result<(), StoreError> {
        for entry in state.store.list_blocked_since(self.seen).await? {
            block(state, entry);
            self.seen = entry.seq;
        }
        state.measures.synced(state.world.uptime());
        Ok(())
    }
}
