//! Follows the table of the blocklist: this process rejects soon what another process (another server, `handstamp user remove`)
//! has written.

use std::time::Duration;

use tokio::time::sleep;

use super::block::add;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::file_news::FileNews;
use crate::server::store::position::Position;

/// How often to look whether the store has news, although it is told.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The same if it is not told: a sign-out is seen within 50 ms.
const LOOK_EVERY_UNTOLD: Duration = Duration::from_millis(25);
/// SQLite's log is written before the transaction can be read: how often to look again, and the time between.
const LOOKS_AFTER_A_WRITE: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// The time between two looks, if every look finds something.
const SHORTEST_REST: Duration = Duration::from_millis(2);
const LONGEST_REST: Duration = Duration::from_millis(100);

/// Returns how often to look. Three looks may fail before the blocklist is too old. `told`: by PostgreSQL, or by the system about
/// SQLite's file.
#[must_use]
pub fn look_every(told: bool, bound: Duration) -> Duration {
    let often = if told { LOOK_EVERY } else { LOOK_EVERY_UNTOLD };
    often.min(bound / 4)
}

/// Wakes the follower when another process, or this one, has written to the SQLite file.
pub async fn follow_file(state: AppState, news: FileNews) {
    loop {
        news.written().await;
        for _ in 0..LOOKS_AFTER_A_WRITE {
            state.follow_now.notify_one();
            sleep(BETWEEN_LOOKS).await;
        }
    }
}

/// Returns how long to rest after a look, so that many sign-outs share the next one. `took`: how long the look took. A look must
/// not take more than a third of the time: on PostgreSQL all processes look at the same database, which has sign-outs to write.
/// On SQLite only the services that follow the blocklist wait for it, because this process knows of its own sign-outs.
#[must_use]
pub fn rest_after_look(took: Duration, bound: Duration) -> Duration {
    (took * 2).clamp(SHORTEST_REST, LONGEST_REST).min(bound / 4)
}

/// The position up to which the table was read.
#[derive(Debug)]
pub struct BlocklistFollower {
    seen: Position,
}

impl BlocklistFollower {
    /// Loads all rows. Call it before the first request is served, so that no revoked token is valid after a restart.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(state: &AppState) -> Result<Self, StoreError> {
        state.blocklist.reserve(usize::try_from(state.store.count_blocked().await?).unwrap_or(0));
        let mut follower = Self { seen: load(state).await? };
        // To load many rows can take longer than they may be old.
        follower.catch_up(state).await?;
        Ok(follower)
    }

    /// Loads the rows that were added since the last call, and tells them to the services that follow the blocklist.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is lost: the next call reads the same rows.
    pub async fn catch_up(&mut self, state: &AppState) -> Result<(), StoreError> {
        let asked_at = state.world.uptime();
        let position = state.store.blocklist_position().await?;
        if position.server != self.seen.server || position.newest < self.seen.newest {
            self.seen = load(state).await?;
            return Ok(());
        }
        if position.newest > self.seen.newest {
            let rows = state.store.list_blocked_since(self.seen.newest).await?;
            for row in &rows {
                add(state, *row);
            }
            // There may be rows that came after the position was read.
            let newest = rows.last().map_or(position.newest, |row| row.seq.max(position.newest));
            self.seen = Position { newest, ..position };
            if state.news.append(&rows) {
                let state = state.clone();
                tokio::spawn(async move { state.news.release_until_quiet().await });
            }
        }
        state.freshness.complete(asked_at);
        Ok(())
    }
}

async fn load(state: &AppState) -> Result<Position, StoreError> {
    let asked_at = state.world.uptime();
    // Before the rows: there may be more of them, never fewer.
    let mut position = state.store.blocklist_position().await?;
    let newest = state.store.load_blocklist(|rows| state.blocklist.load(rows)).await?;
    position.newest = position.newest.max(newest);
    state.news.begin(position.newest, position.server.as_deref());
    state.freshness.complete(asked_at);
    Ok(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_looks_for_a_third_of_the_time_and_often_enough_for_the_bound() {
        let (millis, second) = (Duration::from_millis, Duration::from_secs(1));
        assert_eq!(rest_after_look(millis(5), second), millis(10));
        assert_eq!(rest_after_look(Duration::ZERO, second), millis(2), "many sign-outs share a look");
        assert_eq!(rest_after_look(second * 2, second), millis(100));
        assert_eq!(rest_after_look(second * 2, millis(100)), millis(25));
    }
}
