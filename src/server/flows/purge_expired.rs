//! Purges what no token can need any more: blocklist entries past `exp`, leeway and margin, and sessions as old.
//!
//! Only tidying: whether a token has expired is judged when it is read.

use std::time::Duration;

use crate::server::domain::blocklist::keep_until;
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// How often.
pub const PURGE_EVERY: Duration = Duration::from_mins(1);

/// Rows of one statement: small, so that a sign-out never waits long for the writer.
const BATCH: i64 = 500;

/// Purges the store, then the memory.
///
/// # Errors
/// [`StoreError`]; what is left goes next time.
pub async fn purge_expired(state: &AppState) -> Result<(), StoreError> {
    let now = state.world.now();
    // Sessions stay as long as a blocklist entry for them would.
    let margin = keep_until(UnixTime(0), state.token_rules.leeway);
    while state.store.purge_blocklist(now, BATCH).await? == BATCH.unsigned_abs() {}
    while state.store.purge_sessions(UnixTime(now.0 - margin.0), BATCH).await? == BATCH.unsigned_abs() {}
    state.blocklist.purge(now);
    Ok(())
}
