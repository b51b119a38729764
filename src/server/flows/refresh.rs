//! Refreshes: takes a refresh token, and returns the next one and a new access token (RFC 6749, section 6; RFC 9700,
//! section 4.14.2).
//!
//! One compare-and-swap decides which request rotates. A second request with the same token gets the same next token,
//! so that a lost answer or twenty tabs do not end the session. A request with an older token comes from someone with a
//! copy, and the session ends.

use tracing::{info, warn};

use super::actor::event;
use super::block::block;
use super::gate_cookie::{Receiver, accepted_until};
use super::login::{SignedIn, issue_tokens};
use crate::server::domain::ids::TokenId;
use crate::server::domain::refresh_token::{Rotation, Worth};
use crate::server::domain::security_event::EventKind;
use crate::server::domain::session::Session;
use crate::server::domain::unix_time::UnixTime;
use crate::server::request_id;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Why the refresh failed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error("this is not one of our refresh tokens")]
    NotOurs,
    #[error("the session has expired")]
    Expired,
    #[error("the session has ended")]
    Ended,
    #[error("the session has ended, because an old refresh token was used again")]
    Reused,
    /// The client can send the same token again, whatever was written.
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the token could not be signed")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// Takes a refresh token and returns the next tokens. A browser also gets a gate cookie.
///
/// # Errors
/// [`RefreshError`].
pub async fn refresh(state: &AppState, presented: &str, receiver: Receiver) -> Result<SignedIn, RefreshError> {
    let presented = state.refresh_key.read(presented).ok_or(RefreshError::NotOurs)?;
    // Repeats only if another request has changed the session in between.
    loop {
        let now = state.world.now();
        let kept = state.store.find_session(presented.session_id).await?.ok_or(RefreshError::Ended)?;
        let (session, rotation) = (kept.session, kept.rotation);
        if kept.reused_at.is_some() {
            return Err(RefreshError::Reused);
        }
        if state.session_rules.is_over(&session, &rotation, now) {
            return Err(RefreshError::Expired);
        }
        let user = state.store.find_user_by_id(session.user_id).await?;
        let user = user.filter(|user| user.disabled_at.is_none()).ok_or(RefreshError::Ended)?;
        let token_id = TokenId::from_random(state.world.random_bytes());
        let accepted_until = |newest: &Rotation| accepted_until(state, &session, newest.rotated_at, receiver, now);
        let (newest, done) = match rotation.judge(presented.generation, now) {
            Worth::Current => {
                let rotated_at = now.max(rotation.rotated_at);
                let next = Rotation { generation: rotation.generation.next(), rotated_at, unseen: true };
                let from = rotation.generation;
                (next, state.store.rotate(session.id, from, token_id, accepted_until(&next), now).await?)
            }
            Worth::Previous => {
                (rotation, state.store.reissue(session.id, rotation.generation, accepted_until(&rotation)).await?)
            }
            Worth::Reused => {
                end_stolen(state, session, now).await?;
                return Err(RefreshError::Reused);
            }
            Worth::Unknown => return Err(RefreshError::NotOurs),
        };
        if done {
            info!(user.id = %user.id, session.id = %session.id, "Refreshed");
            return Ok(issue_tokens(state, (&user, &session), &newest, token_id, receiver, now)?);
        }
    }
}

/// Ends the session, because two clients have the same refresh token and the server cannot know which one is the user.
async fn end_stolen(state: &AppState, session: Session, now: UnixTime) -> Result<(), StoreError> {
    let state = state.clone();
    // A task of its own, as in `logout`.
    let ending = async move {
        let (leeway, event) = (state.token_rules.leeway, event(&state, EventKind::RefreshTokenReused, session.origin));
        let entry = state.store.end_reused_session(session.id, now, leeway, event).await?;
        block(&state, entry);
        warn!(user.id = %session.user_id, session.id = %session.id, "An old refresh token was used again: ended the session");
        Ok(())
    };
    // The task ends only with the process.
    tokio::spawn(request_id::carried(ending)).await.map_err(|_| StoreError::Closed)?
}
