//! Purges rows that no token needs any more: blocklist entries after `exp`, leeway and margin, sessions of the same
//! age, and empty buckets of the throttle.
//!
//! This only saves space: verification itself checks whether a token has expired.

use std::sync::PoisonError;
use std::time::Duration;

use super::throttle::FAMILIAR_FOR;
use crate::server::domain::access_token::LONGEST_LIFETIME;
use crate::server::domain::blocklist::keep_until;
use crate::server::domain::throttle::MAX_BUCKETS;
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// How often to purge.
pub const PURGE_EVERY: Duration = Duration::from_mins(1);

/// The time for which the store is left to one process: a little shorter than [`PURGE_EVERY`], so that a process alone purges
/// every time.
const TURN: Duration = Duration::from_secs(50);

/// Rows in one statement: few, so that a sign-out never waits long for the writer.
const BATCH: i64 = 500;

/// How long security events are kept, in seconds: 90 days.
const KEEP_EVENTS: i64 = 90 * 24 * 60 * 60;

/// How long a mail is kept after it should have been given up, in seconds: a day, in which a server that sends logs it.
const KEEP_MAILS: i64 = 24 * 60 * 60;

/// Purges the memory, and the store if it is the turn of this process. Purges nothing while the clock may be wrong.
///
/// # Errors
/// [`StoreError`]; the rest is purged next time.
pub async fn purge_expired(state: &AppState) -> Result<(), StoreError> {
    let now = state.world.now();
    state.throttle.purge(state.world.uptime());
    // Sessions stay as long as their entry in the blocklist would.
    let margin = keep_until(UnixTime(0), state.token_rules.leeway);
    let longest = LONGEST_LIFETIME + Duration::from_secs(margin.seconds_since(UnixTime(0)));
    if steady_for(state, now) < longest {
        return Ok(());
    }
    // First of all, so that the entries that are removed next are accounted for.
    state.past_purge.purge(now);
    for part in state.blocklist.parts() {
        part.purge(now);
        // All parts take some 20 ms for a million entries. Requests must not wait for that.
        tokio::task::yield_now().await;
    }
    if state.store.take_purge_turn(now, TURN).await? {
        purge_store(state, now, UnixTime(now.0 - margin.0)).await?;
    }
    Ok(())
}

/// One of all processes on the store does it.
async fn purge_store(state: &AppState, now: UnixTime, sessions_before: UnixTime) -> Result<(), StoreError> {
    while state.store.purge_blocklist(now, BATCH).await? == BATCH.unsigned_abs() {}
    while state.store.purge_sessions(sessions_before, BATCH).await? == BATCH.unsigned_abs() {}
    while state.store.purge_events(UnixTime(now.0 - KEEP_EVENTS), BATCH).await? == BATCH.unsigned_abs() {}
    state.store.purge_invitations(now).await?;
    state.store.purge_challenges(now).await?;
    state.store.purge_links(now).await?;
    state.store.purge_mails(UnixTime(now.0 - KEEP_MAILS)).await?;
    let most = i64::try_from(MAX_BUCKETS).unwrap_or(i64::MAX);
    while state.store.purge_tries(now, most, BATCH).await? >= BATCH.unsigned_abs() {}
    let unseen_since = UnixTime(now.0.saturating_sub_unsigned(FAMILIAR_FOR.as_secs()));
    while state.store.purge_familiar(unseen_since, BATCH).await? == BATCH.unsigned_abs() {}
    Ok(())
}

fn steady_for(state: &AppState, now: UnixTime) -> Duration {
    // No code panics while it holds the lock. Even then the clock is judged again.
    let mut clock = state.steady_clock.lock().unwrap_or_else(PoisonError::into_inner);
    clock.steady_for(now, state.world.uptime())
}
