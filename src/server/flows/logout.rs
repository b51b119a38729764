//! Sign out: durable first, then memory, then the answer.

use tracing::{Instrument as _, info};

use super::actor::event;
use super::authenticate::EndingSession;
use super::block::block;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::session::Origin;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// The session may still live; whoever asked must not be told that it ended.
#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the task that ends the session died")]
    Died(#[from] tokio::task::JoinError),
}

/// Ends one session. When this returns, its tokens are refused, here at once and everywhere after a crash.
///
/// # Errors
/// [`LogoutError`].
pub async fn logout(state: &AppState, session: EndingSession) -> Result<(), LogoutError> {
    let state = state.clone();
    // A task of its own: a client that hangs up drops this future, and must not come between the row and the memory.
    let ending = async move {
        let (leeway, event) = (state.token_rules.leeway, event(&state, EventKind::SessionEnded, Origin::default()));
        let entry = state.store.end_session(session.id, session.expires_at, leeway, event).await?;
        block(&state, entry);
        info!(session.id = %session.id, "Signed out");
        Ok(())
    };
    tokio::spawn(ending.in_current_span()).await?
}
