//! The blocklist for other services, which must reject the same tokens. It can wait for new entries, so that services
//! need not ask often.

use std::time::Duration;

use crate::server::domain::blocklist::Blocked;
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// The blocklist at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocations {
    /// A number that grows with every entry.
    pub seq: i64,
    /// The entries, and how long each must be kept.
    pub entries: Vec<(Blocked, UnixTime)>,
}

/// Returns the live entries, or `None` if nothing newer than number `known` comes within `wait`.
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
    // Read before the rows: the answer may contain more than its number says, never less.
    let seq = *state.blocklist_seq.borrow();
    let rows = state.store.list_blocked_since(0).await?;
    let live = rows.iter().filter(|row| row.keep_until > now);
    Ok(Some(Revocations { seq, entries: live.map(|row| (row.blocked, row.keep_until)).collect() }))
}

/// Waits until there is a number other than `known`, at most for `wait`.
async fn news_within(state: &AppState, known: i64, wait: Duration) -> bool {
    let (mut news, mut stopping) = (state.blocklist_seq.subscribe(), state.stopping.subscribe());
    tokio::select! {
        news = news.wait_for(|newest| *newest != known) => news.is_ok(),
        _ = stopping.wait_for(|stopping| *stopping) => false,
        () = tokio::time::sleep(wait) => false,
    }
}
