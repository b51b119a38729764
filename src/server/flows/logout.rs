//! Sign out: durable first, then memory, then the answer.

use tracing::info;

use super::authenticate::EndingSession;
use crate::server::domain::blocklist::{Blocked, keep_until};
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
    tokio::spawn(async move {
        let keep_until = keep_until(session.expires_at, state.token_rules.leeway);
        state.store.end_session(session.id, keep_until).await?;
        state.blocklist.block(Blocked::Session(session.id), keep_until);
        info!(session.id = %session.id, "Signed out");
        Ok(())
    })
    .await?
}
