//! Lists the sessions of a user.

use super::authenticate::CurrentUser;
use crate::server::domain::ids::{SessionId, UserId};
use crate::server::domain::session::Session;
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::sessions::KeptSession;

/// A session as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    pub session: Session,
    /// Accurate to the lifetime of an access token.
    pub last_used_at: UnixTime,
    /// When it ends if it is not refreshed.
    pub expires_at: UnixTime,
    /// Whether it is the session of this request.
    pub current: bool,
}

/// Returns the user's live sessions: the current one first, then those last used.
///
/// # Errors
/// [`StoreError`].
pub async fn list_sessions(state: &AppState, user: &CurrentUser) -> Result<Vec<ListedSession>, StoreError> {
    let mut sessions = live_sessions(state, user.user_id).await?;
    for listed in &mut sessions {
        listed.current = listed.session.id == user.session_id;
    }
    sessions.sort_by_key(|listed| !listed.current);
    Ok(sessions)
}

/// Returns whether a session has neither ended nor expired. Reads the store, because memory forgets an ended session
/// after its last token has expired, while its row is removed for ever.
///
/// # Errors
/// [`StoreError`].
pub async fn session_lives(state: &AppState, id: SessionId) -> Result<bool, StoreError> {
    if state.blocklist.refuses_session(id) {
        return Ok(false);
    }
    Ok(state.store.find_session(id).await?.is_some_and(|kept| is_live(state, &kept, state.world.now())))
}

/// Returns the live sessions of a user.
pub(super) async fn live_sessions(state: &AppState, user: UserId) -> Result<Vec<ListedSession>, StoreError> {
    let now = state.world.now();
    let kept = state.store.list_sessions(user).await?.into_iter();
    let live = kept.filter(|kept| is_live(state, kept, now));
    let listed = live.map(|kept| ListedSession {
        last_used_at: kept.last_used_at,
        expires_at: state.session_rules.refreshable_until(&kept.session, kept.rotation.rotated_at),
        current: false,
        session: kept.session,
    });
    Ok(listed.collect())
}

fn is_live(state: &AppState, kept: &KeptSession, now: UnixTime) -> bool {
    kept.reused_at.is_none() && !state.session_rules.is_over(&kept.session, &kept.rotation, now)
}
