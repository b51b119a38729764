//! Revokes one token (RFC 7009). For an access token, only this token is blocked; for a refresh token, its session ends
//! (section 2.1).

use tracing::info;

use super::authenticate::session_of;
use super::block::block;
use super::logout::{LogoutError, logout};
use crate::server::domain::access_token::Expiry;
use crate::server::domain::blocklist::keep_until;
use crate::server::request_id;
use crate::server::state::AppState;

/// Blocks one of our tokens by its id, without checking its times. Any other text is no error and does nothing: the
/// client learns nothing (RFC 7009, section 2.2).
///
/// # Errors
/// [`LogoutError`]; then the token may still be valid, and the answer must not report a success.
pub async fn revoke_token(state: &AppState, token: &str) -> Result<(), LogoutError> {
    if let Some(ending) = session_of(state, token) {
        return logout(state, ending).await;
    }
    let now = state.world.now();
    let verified = state.token_rules.verify(&state.keys.load(), token, now, Expiry::Forgiven);
    let Ok(token) = verified else { return Ok(()) };
    let state = state.clone();
    // A task of its own, as in `logout`.
    let blocking = async move {
        // If the clock is ahead, the token looks expired, and services that follow the blocklist would drop the entry
        // at once.
        let keep_until = keep_until(token.expires_at.max(now), state.token_rules.leeway);
        let entry = state.store.block_token(token.token_id, keep_until).await?;
        block(&state, entry);
        info!(session.id = %token.session_id, "Revoked a token");
        Ok(())
    };
    tokio::spawn(request_id::carried(blocking)).await?
}
