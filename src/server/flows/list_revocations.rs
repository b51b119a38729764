//! The blocklist for other services, which must reject the same tokens: all of it, or what is new since a cursor. Both can
//! wait for news, so that services need not ask often.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, Stream};
use tokio::time::sleep;

use crate::server::domain::blocklist::Entry;
use crate::server::domain::feed_cursor::Cursor;
use crate::server::news::News;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Why there are no changes since a cursor.
#[derive(Debug, thiserror::Error)]
pub enum ChangesError {
    /// It is of another store, or too much has come since: a snapshot is needed.
    #[error("the cursor is of another store or too old")]
    CursorExpired,
    /// The blocklist is too old: "no news" would say more than this process knows.
    #[error("what other processes have ended is not known: the store has not answered lately")]
    Unheard,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns the cursor for a snapshot that is read from now on. `None` if it is still `known` at the end of `wait`.
///
/// # Errors
/// [`ChangesError::Unheard`].
pub async fn snapshot_cursor(
    state: &AppState,
    known: Option<Cursor>,
    wait: Duration,
) -> Result<Option<Cursor>, ChangesError> {
    let news = &state.news;
    let cursor = news.cursor();
    if known != Some(cursor) {
        return expect_fresh(state).map(|()| Some(cursor));
    }
    let newest = news_within(state, cursor.seq, wait).await;
    expect_fresh(state)?;
    Ok((newest > cursor.seq).then_some(Cursor { seq: newest, ..cursor }))
}

fn expect_fresh(state: &AppState) -> Result<(), ChangesError> {
    if state.freshness.is_fresh(state.world.uptime()) { Ok(()) } else { Err(ChangesError::Unheard) }
}

/// Returns the live entries, some thousand at a time.
///
/// A row that is added meanwhile may be among them. Its number is higher than that of the cursor, so a service that goes on
/// by the cursor gets it then.
pub fn snapshot(state: &AppState) -> impl Stream<Item = Result<Vec<Entry>, StoreError>> + Send + use<> {
    let now = state.world.now();
    stream::try_unfold((state.clone(), 0), move |(state, seen)| async move {
        let mut rows = {
            let _one_at_a_time = state.news.reading.lock().await;
            state.store.next_blocked(seen).await?
        };
        let Some(last) = rows.last() else { return Ok(None) };
        let seen = last.seq;
        rows.retain(|row| row.keep_until > now);
        Ok(Some((rows, (state, seen))))
    })
}

/// Returns what came after the cursor, as `write` writes it: the cursor to go on with, and the entries. Waits for news at
/// most for `wait`; then there are no entries, and the cursor is the same.
///
/// # Errors
/// [`ChangesError`].
pub async fn list_changes(
    state: &AppState,
    after: Cursor,
    wait: Duration,
    write: impl Fn(Cursor, &[Entry]) -> Vec<u8>,
) -> Result<Arc<[u8]>, ChangesError> {
    let news = &state.news;
    if after.store != news.cursor().store || is_ahead_of_store(state, after.seq).await? {
        return Err(ChangesError::CursorExpired);
    }
    let newest = news_within(state, after.seq, wait).await;
    expect_fresh(state)?;
    if newest <= after.seq {
        return Ok(write(after, &[]).into());
    }
    reach_back(state, after.seq).await?;
    let text = news.text((after.seq, newest), |entries| write(Cursor { seq: newest, ..after }, entries));
    text.ok_or(ChangesError::CursorExpired)
}

/// A cursor from another process can be ahead of what this one has read. Ahead of the store itself, it comes from before an
/// older backup was restored.
async fn is_ahead_of_store(state: &AppState, seq: i64) -> Result<bool, StoreError> {
    let read_to = state.news.feed().read_to();
    Ok(seq > read_to && seq > state.store.blocklist_position().await?.newest)
}

/// Waits until something after number `known` is released, at most for `wait`. Returns the number up to which there is
/// news: `known` or less if there is none.
async fn news_within(state: &AppState, known: i64, wait: Duration) -> i64 {
    let News { released, .. } = &state.news;
    let (mut released, mut stopping) = (released.subscribe(), state.stopping.subscribe());
    if !wait.is_zero() {
        tokio::select! {
            newest = released.wait_for(|newest| *newest > known) => {
                if let Ok(newest) = newest {
                    return *newest;
                }
            }
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = sleep(wait) => {}
        }
    }
    state.news.feed().read_to()
}

/// Makes the feed reach back to this number, with rows from the table: after a restart it reaches back to nothing. Of many
/// services that come back, the first one reads for all.
async fn reach_back(state: &AppState, after: i64) -> Result<(), ChangesError> {
    let news = &state.news;
    if after >= news.feed().reaches_to() {
        return Ok(());
    }
    let _one_at_a_time = news.reading.lock().await;
    let (before, room) = {
        let feed = news.feed();
        (feed.reaches_to(), feed.room())
    };
    if after >= before {
        return Ok(());
    }
    if state.store.count_blocked_between(after, before, room + 1).await? > room {
        return Err(ChangesError::CursorExpired);
    }
    let (mut older, mut seen) = (Vec::new(), after);
    while seen < before {
        let rows = state.store.next_blocked(seen).await?;
        seen = rows.last().map_or(before, |row| row.seq);
        older.extend(rows.into_iter().filter(|row| row.seq <= before));
    }
    let fits = news.feed().put_before(before, after, &older);
    if fits { Ok(()) } else { Err(ChangesError::CursorExpired) }
}
