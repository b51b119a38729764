//! Signs out: first the durable row, then memory, then the answer.

use tracing::info;

use super::actor::event;
use super::authenticate::EndingSession;
use super::block::block;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::session::Origin;
use crate::server::request_id;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// The session may still be live. The answer must not say that it has ended.
#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the task that ends the session has panicked")]
    Died(#[from] tokio::task::JoinError),
}

/// Ends one session. When this returns, its tokens are rejected: here at once, and everywhere after a crash.
///
/// # Errors
/// [`LogoutError`].
pub async fn logout(state: &AppState, session: EndingSession) -> Result<(), LogoutError> {
    let state = state.clone();
    // A task of its own: if the client hangs up, this future is dropped. That must not happen between row and memory.
    let ending = async move {
        let (leeway, event) = (state.token_rules.leeway, event(&state, EventKind::SessionEnded, Origin::default()));
        let entry = state.store.end_session(session.id, session.expires_at, leeway, event).await?;
        block(&state, entry);
        info!(session.id = %session.id, "Signed out");
        Ok(())
    };
    tokio::spawn(request_id::carried(ending)).await?
}
