//! Ends sessions from another session or from the command line: one by its id, or all others of a user. Always by exact
//! ids, never by the time at which tokens were issued.

use tracing::info;

use super::actor::{Actor, ManageUserError, Target, event};
use super::authenticate::{CurrentUser, EndingSession};
use super::block::{block, learn};
use super::list_sessions::{ListedSession, live_sessions};
use super::logout::{LogoutError, logout};
use crate::server::domain::ids::{SessionId, UserId};
use crate::server::domain::security_event::{EventKind, NewEvent};
use crate::server::domain::session::Origin;
use crate::server::request_id;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::sessions::{Along, KeptSession};

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// It does not exist, or belongs to another user: the same answer.
    #[error("there is no such session")]
    NoSuchSession,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Logout(#[from] LogoutError),
}

/// Ends one of the user's own sessions.
///
/// # Errors
/// [`EndSessionError`].
pub async fn end_session(state: &AppState, user: &CurrentUser, id: &str) -> Result<(), EndSessionError> {
    let id = SessionId::parse(id).map_err(|_| EndSessionError::NoSuchSession)?;
    let kept = state.store.find_session(id).await?;
    let own = kept.filter(|kept| kept.session.user_id == user.user_id && kept.reused_at.is_none());
    let Some(KeptSession { session, .. }) = own else {
        learn(state).await?;
        return Err(EndSessionError::NoSuchSession);
    };
    // Its tokens may live longer than the token of this request: the store knows until when.
    Ok(logout(state, EndingSession { id: session.id, expires_at: state.world.now() }).await?)
}

/// Ends all sessions of the user except the current one. Returns how many.
///
/// # Errors
/// [`EndSessionError`].
pub async fn end_other_sessions(
    state: &AppState,
    user: &CurrentUser,
    origin: Origin,
) -> Result<usize, EndSessionError> {
    let event = event(state, EventKind::OtherSessionsEnded, origin);
    Ok(end_sessions(state, user.user_id, Some(user.session_id), Along::Nothing, event).await?)
}

/// Ends all sessions of a user, for an operator or administrator. Returns how many.
///
/// # Errors
/// [`ManageUserError`].
pub async fn end_all_sessions(state: &AppState, target: Target<'_>, by: &Actor) -> Result<usize, ManageUserError> {
    let user = by.find(state, target).await?;
    Ok(end_sessions(state, user.id, None, Along::Nothing, by.event(state, EventKind::AllSessionsEnded)).await?)
}

/// Ends one session of any user, for an operator; `false` if there is none.
///
/// # Errors
/// [`LogoutError`].
pub async fn end_any_session(state: &AppState, id: &str) -> Result<bool, LogoutError> {
    let Ok(id) = SessionId::parse(id) else { return Ok(false) };
    if state.store.find_session(id).await?.is_none() {
        return Ok(false);
    }
    logout(state, EndingSession { id, expires_at: state.world.now() }).await?;
    Ok(true)
}

/// Returns the live sessions of a user, for an operator.
///
/// # Errors
/// [`ManageUserError`].
pub async fn list_sessions_of(state: &AppState, target: Target<'_>) -> Result<Vec<ListedSession>, ManageUserError> {
    let user = Actor::Operator.find(state, target).await?;
    Ok(live_sessions(state, user.id).await?)
}

/// Ends sessions and makes one other change, all or nothing: rows first, then memory.
pub(super) async fn end_sessions(
    state: &AppState,
    user: UserId,
    except: Option<SessionId>,
    along: Along,
    event: NewEvent,
) -> Result<usize, StoreError> {
    let state = state.clone();
    // A task of its own, as in `logout`.
    let ending = async move {
        let leeway = state.token_rules.leeway;
        let entries = state.store.end_sessions_of(user, except, leeway, &along, &event).await?;
        for entry in &entries {
            block(&state, *entry);
        }
        learn(&state).await?;
        info!(user.id = %user, ended = entries.len(), "Ended sessions of a user: {}", event.kind.code());
        Ok(entries.len())
    };
    // The task ends only with the process.
    tokio::spawn(request_id::carried(ending)).await.map_err(|_| StoreError::Closed)?
}
