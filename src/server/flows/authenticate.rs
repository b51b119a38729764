//! Identifies the user of a request. Every protected door uses this.

use std::ops::Deref;
use std::sync::Arc;

use crate::server::domain::accepted_token::AcceptedToken;
use crate::server::domain::access_token::Expiry;
use crate::server::domain::authorization::{Authorization, NotOneHeader};
use crate::server::domain::blocklist::keep_until;
use crate::server::domain::compact_jws::MAX_TOKEN_BYTES;
use crate::server::domain::ids::{SessionId, TokenId};
use crate::server::domain::refused::{Check, TokenRefused};
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;

/// A user with a valid token and a live session. The claims of the token are its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentUser(pub(super) Arc<AcceptedToken>);

impl Deref for CurrentUser {
    type Target = AcceptedToken;

    fn deref(&self) -> &AcceptedToken {
        &self.0
    }
}

impl From<Arc<AcceptedToken>> for CurrentUser {
    fn from(token: Arc<AcceptedToken>) -> Self {
        Self(token)
    }
}

/// A session that a client ends with one of its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndingSession {
    pub id: SessionId,
    /// When that token expires. Now, if it has expired or has no expiry.
    pub expires_at: UnixTime,
}

/// Why no user was identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    #[error("the request has no token")]
    Missing,
    #[error("the header is not `Bearer` and one token")]
    BadHeader,
    #[error("the token is longer than {MAX_TOKEN_BYTES} bytes")]
    TooLarge,
    #[error(transparent)]
    Refused(#[from] TokenRefused),
    #[error("the session has ended")]
    Revoked,
    #[error("whether the session has ended is not known: the store has not answered lately")]
    Unknown,
}

/// Identifies the user who sent these `Authorization` headers. Reads only memory, never the database.
///
/// # Errors
/// [`AuthenticateError`].
pub fn authenticate<'h>(
    state: &AppState,
    headers: impl IntoIterator<Item = &'h [u8]>,
) -> Result<CurrentUser, AuthenticateError> {
    verify_unrevoked(state, bearer_token(headers)?, Expiry::Judged).map(CurrentUser)
}

/// Identifies the session that the client wants to end, by an access token or a refresh token. An expired or revoked
/// token is accepted: signing out twice is no error.
///
/// # Errors
/// [`AuthenticateError`] about the token only: neither clock nor blocklist is checked.
pub fn authenticate_to_end<'h>(
    state: &AppState,
    headers: impl IntoIterator<Item = &'h [u8]>,
) -> Result<EndingSession, AuthenticateError> {
    let token = bearer_token(headers)?;
    if let Some(session) = session_of(state, token) {
        return Ok(session);
    }
    let now = state.world.now();
    let token = state.token_rules.verify(&state.keys.load(), token, now, Expiry::Forgiven)?;
    Ok(EndingSession { id: token.session_id, expires_at: token.expires_at.max(now) })
}

/// Returns the session of a refresh token that a client sent to end it. Any generation is accepted: signing out must
/// not fail because another tab has refreshed first.
#[must_use]
pub fn session_of(state: &AppState, refresh_token: &str) -> Option<EndingSession> {
    let token = state.refresh_key.read(refresh_token)?;
    Some(EndingSession { id: token.session_id, expires_at: state.world.now() })
}

/// Checks the rules, then the blocklist.
pub(super) fn verify_unrevoked(
    state: &AppState,
    token: &str,
    expiry: Expiry,
) -> Result<Arc<AcceptedToken>, AuthenticateError> {
    let token = state.token_rules.verify(&state.keys.load(), token, state.world.now(), expiry)?;
    check_unrevoked(state, token.session_id, token.token_id, token.expires_at)?;
    if token.is_first_use() {
        state.store.note_use(token.session_id, token.token_id, token.issued_at, state.world.now());
    }
    Ok(token)
}

/// Checks whether a verified token is revoked, and whether this process can know.
pub(super) fn check_unrevoked(
    state: &AppState,
    session: SessionId,
    token: TokenId,
    expires_at: UnixTime,
) -> Result<(), AuthenticateError> {
    if state.blocklist.refuses(session, token) {
        return Err(AuthenticateError::Revoked);
    }
    check_knowledge(state, token, expires_at)
}

/// Checks whether this process can know that a token, or the gate cookie of the same answer, is not revoked.
pub(super) fn check_knowledge(state: &AppState, token: TokenId, expires_at: UnixTime) -> Result<(), AuthenticateError> {
    if state.past_purge.may_have_forgotten(token, keep_until(expires_at, state.token_rules.leeway)) {
        return Err(TokenRefused(Check::Expiry).into());
    }
    if state.freshness.is_fresh(state.world.uptime()) { Ok(()) } else { Err(AuthenticateError::Unknown) }
}

/// Returns the token of a request that has exactly one `Authorization` header: `Bearer` and one token (RFC 6750, section 2.1).
///
/// # Errors
/// [`AuthenticateError`] about the header only.
pub fn bearer_token<'h>(headers: impl IntoIterator<Item = &'h [u8]>) -> Result<&'h str, AuthenticateError> {
    let header = Authorization::only(headers)?;
    let token = header.token().filter(|_| header.is_of("Bearer")).ok_or(AuthenticateError::BadHeader)?;
    if token.len() > MAX_TOKEN_BYTES {
        return Err(AuthenticateError::TooLarge);
    }
    Ok(token)
}

impl From<NotOneHeader> for AuthenticateError {
    fn from(unfit: NotOneHeader) -> Self {
        match unfit {
            NotOneHeader::Missing => Self::Missing,
            NotOneHeader::Several => Self::BadHeader,
        }
    }
}
