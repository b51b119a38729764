//! The blocklist for other services: what they must refuse too. Waits for news, so that they need not ask often.

use std::time::Duration;

use crate::server::domain::blocklist::Blocked;
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// The blocklist at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocations {
    /// Grows with every entry.
    pub seq: i64,
    /// What to refuse, and until when it must be remembered.
    pub entries: Vec<(Blocked, UnixTime)>,
}

/// The live entries, or `None` if there is nothing newer than number `known` within `wait`.
///
/// # Errors
/// [`StoreError`].
pub async fn list_revocations(
    state: &AppState,
    known: Option<i64>,
    wait: Duration,
) -> Result<Option<Revocations>, StoreError> {
    if let Some(known) = known
        && !news_within(state, known, wait).await
    {
        return Ok(None);
    }
    let now = state.world.now();
    // Before the rows: the answer may hold more than its number says, never less.
    let seq = *state.blocklist_seq.borrow();
    let rows = state.store.list_blocked_since(0).await?;
    let live = rows.iter().filter(|row| row.keep_until > now);
    Ok(Some(Revocations { seq, entries: live.map(|row| (row.blocked, row.keep_until)).collect() }))
}

/// Whether there is something else than number `known`, now or in a while.
async fn news_within(state: &AppState, known: i64, wait: Duration) -> bool {
    let (mut news, mut stopping) = (state.blocklist_seq.subscribe(), state.stopping.subscribe());
    tokio::select! {
        news = news.wait_for(|newest| *newest != known) => news.is_ok(),
        _ = stopping.wait_for(|stopping| *stopping) => false,
        () = tokio::time::sleep(wait) => false,
    }
}
