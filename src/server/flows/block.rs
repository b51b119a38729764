//! Puts a row of the blocklist that is durable into memory, and tells whoever waits for it.

use crate::server::domain::ids::{SessionId, TokenId};
use crate::server::state::AppState;
use crate::server::store::blocklist::Entry;

/// From here on the entry's tokens are refused.
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

/// Waits until a token of this session is refused.
pub async fn until_ended(state: &AppState, session: SessionId, token: TokenId) {
    loop {
        // Made before the look, so that an entry between look and wait is not missed.
        let blocked = state.blocked.notified();
        if state.blocklist.refuses(session, token) {
            return;
        }
        blocked.await;
    }
}
