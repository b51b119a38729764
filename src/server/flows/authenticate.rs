//! Who is this? The one entrance for every protected door.

use std::ops::Deref;
use std::sync::Arc;

use crate::server::domain::accepted_token::AcceptedToken;
use crate::server::domain::access_token::Expiry;
use crate::server::domain::blocklist::keep_until;
use crate::server::domain::compact_jws::MAX_TOKEN_BYTES;
use crate::server::domain::ids::SessionId;
use crate::server::domain::refused::{Check, TokenRefused};
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;

/// Somebody with a valid token, whose session lives: what the token says can be read as fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentUser(Arc<AcceptedToken>);

impl Deref for CurrentUser {
    type Target = AcceptedToken;

    fn deref(&self) -> &AcceptedToken {
        &self.0
    }
}

/// A session that one of its tokens is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndingSession {
    pub id: SessionId,
    /// When that token expires; now, where it has expired or does not say.
    pub expires_at: UnixTime,
}

/// Why nobody was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    #[error("no token came")]
    Missing,
    #[error("the header is not `Bearer` and one token")]
    BadHeader,
    #[error("the token is longer than {MAX_TOKEN_BYTES} bytes")]
    TooLarge,
    #[error(transparent)]
    Refused(#[from] TokenRefused),
    #[error("the session has ended")]
    Revoked,
}

/// Recognises whoever sent these `Authorization` headers. Asks memory only, never the database.
///
/// # Errors
/// [`AuthenticateError`].
pub fn authenticate<'h>(
    state: &AppState,
    headers: impl IntoIterator<Item = &'h [u8]>,
) -> Result<CurrentUser, AuthenticateError> {
    verify_unrevoked(state, bearer_token(headers)?, Expiry::Judged).map(CurrentUser)
}

/// Recognises the session that wants to end, by either kind of its tokens. An expired or ended one counts: signing out
/// twice is no error.
///
/// # Errors
/// [`AuthenticateError`], of the token alone: neither clock nor blocklist is asked.
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

/// The session of a refresh token, which wants to end. Any generation counts: whoever signs out must not be told that
/// another tab was quicker to refresh.
#[must_use]
pub fn session_of(state: &AppState, refresh_token: &str) -> Option<EndingSession> {
    let token = state.refresh_key.read(refresh_token)?;
    Some(EndingSession { id: token.session_id, expires_at: state.world.now() })
}

/// The rules, then the blocklist.
pub(super) fn verify_unrevoked(
    state: &AppState,
    token: &str,
    expiry: Expiry,
) -> Result<Arc<AcceptedToken>, AuthenticateError> {
    let token = state.token_rules.verify(&state.keys.load(), token, state.world.now(), expiry)?;
    if state.blocklist.refuses(token.session_id, token.token_id) {
        return Err(AuthenticateError::Revoked);
    }
    if state.past_purge.may_have_forgotten(token.token_id, keep_until(token.expires_at, state.token_rules.leeway)) {
        return Err(TokenRefused(Check::Expiry).into());
    }
    if token.is_first_use() {
        state.store.note_use(token.session_id, token.token_id, token.issued_at, state.world.now());
    }
    Ok(token)
}

/// The one token of the one header: a scheme in any case, one space, a token (RFC 6750, section 2.1).
///
/// # Errors
/// [`AuthenticateError`], of the header alone.
pub fn bearer_token<'h>(headers: impl IntoIterator<Item = &'h [u8]>) -> Result<&'h str, AuthenticateError> {
    use AuthenticateError::{BadHeader, Missing, TooLarge};

    let mut headers = headers.into_iter();
    let header = headers.next().ok_or(Missing)?;
    if headers.next().is_some() {
        return Err(BadHeader);
    }
    let header = std::str::from_utf8(header).map_err(|_| BadHeader)?;
    if header.trim().is_empty() {
        return Err(Missing);
    }
    let (scheme, token) = header.split_once(' ').ok_or(BadHeader)?;
    if !scheme.eq_ignore_ascii_case("Bearer") || token.is_empty() || token.contains([' ', '\t', ',']) {
        return Err(BadHeader);
    }
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TooLarge);
    }
    Ok(token)
}
