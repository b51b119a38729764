//! Adds a durable row of the blocklist to memory, and wakes the tasks that wait for it.

use crate::server::domain::blocklist::Entry;
use crate::server::domain::ids::{SessionId, TokenId};
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Adds an entry that this process has written. From now on its tokens are rejected. Services that follow the blocklist
/// are told when the follower has read its row, in order with those of other processes: wakes the follower.
pub(super) fn block(state: &AppState, entry: Entry) {
    add(state, entry);
    state.follow_now.notify_one();
}

/// Adds an entry. From now on its tokens are rejected.
pub(super) fn add(state: &AppState, entry: Entry) {
    if state.blocklist.block(entry.blocked, entry.keep_until) {
        state.measures.revoked();
    }
    state.blocked.notify_waiters();
}

/// Adds the entries that this process has not read yet. A request that finds its sessions ended before it came is answered
/// only after this: they were ended by another process, or by the same request, whose answer was lost.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn learn(state: &AppState) -> Result<(), StoreError> {
    let read_to = state.news.feed().read_to();
    for entry in state.store.list_blocked_since(read_to).await? {
        add(state, entry);
    }
    Ok(())
}

/// Waits until the tokens of this session are rejected.
pub async fn until_ended(state: &AppState, session: SessionId, token: TokenId) {
    loop {
        // Created before the check, so that an entry between the check and the wait is not missed.
        let blocked = state.blocked.notified();
        if state.blocklist.refuses(session, token) {
            return;
        }
        blocked.await;
    }
}
