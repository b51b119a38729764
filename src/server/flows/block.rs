//! Adds a durable row of the blocklist to memory, and wakes the tasks that wait for it.

use crate::server::domain::ids::{SessionId, TokenId};
use crate::server::state::AppState;
use crate::server::store::blocklist::Entry;

/// Adds the entry. From now on its tokens are rejected.
pub(super) fn block(state: &AppState, entry: Entry) {
    if state.blocklist.block(entry.blocked, entry.keep_until) {
        state.measures.revoked();
    }
    state.blocked.notify_waiters();
    state.blocklist_seq.send_if_modified(|seq| {
        let newer = entry.seq > *seq;
        *seq = entry.seq.max(*seq);
        newer
    });
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
