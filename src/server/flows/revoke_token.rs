//! Revokes one token (RFC 7009). For an access token, also one for another audience, only this token is blocked: not those
//! that it was exchanged for, which expire no later. For a refresh token, its session ends (section 2.1), and all these with it.

use tracing::info;

use super::authenticate::session_of;
use super::block::block;
use super::logout::{LogoutError, logout};
use crate::server::domain::access_token::Expiry;
use crate::server::domain::blocklist::keep_until;
use crate::server::domain::ids::{SessionId, TokenId};
use crate::server::domain::unix_time::UnixTime;
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
    let Some((session_id, token_id, expires_at)) = ids_of(state, token, now) else { return Ok(()) };
    let state = state.clone();
    // A task of its own, as in `logout`.
    let blocking = async move {
        // If the clock is ahead, the token looks expired, and services that follow the blocklist would drop the entry
        // at once.
        let keep_until = keep_until(expires_at.max(now), state.token_rules.leeway);
        let entry = state.store.block_token(token_id, keep_until).await?;
        block(&state, entry);
        info!(session.id = %session_id, "Revoked a token");
        Ok(())
    };
    tokio::spawn(request_id::carried(blocking)).await?
}

/// Returns what the blocklist needs of an access token: one of our own, or one for another audience.
fn ids_of(state: &AppState, token: &str, now: UnixTime) -> Option<(SessionId, TokenId, UnixTime)> {
    let (rules, ring) = (&state.token_rules, state.keys.load());
    if let Ok(own) = rules.verify(&ring, token, now, Expiry::Forgiven) {
        return Some((own.session_id, own.token_id, own.expires_at));
    }
    let other = rules.verify_for_other(&ring, token, now, Expiry::Forgiven).ok()?;
    Some((other.session_id, other.token_id, other.times.expires_at))
}
