//! Who is this? The one entrance for every protected door.

use crate::server::domain::access_token::{AccessToken, Expiry, MAX_TOKEN_BYTES, TokenRefused};
use crate::server::domain::ids::{SessionId, TokenId, UserId};
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;

/// Somebody with a valid token, whose session lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentUser {
    pub id: UserId,
    pub username: String,
    pub roles: Vec<String>,
    pub session_id: SessionId,
    pub token_id: TokenId,
    pub issued_at: UnixTime,
    pub expires_at: UnixTime,
}

/// A session whose token may end it, although it may have expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndingSession {
    pub id: SessionId,
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
    let token = state.token_rules.verify(bearer_token(headers)?, state.world.now(), Expiry::Judged)?;
    if state.blocklist.refuses(token.session_id, token.token_id) {
        return Err(AuthenticateError::Revoked);
    }
    Ok(token.into())
}

/// Recognises the session that wants to end. An expired or ended one counts: signing out twice is no error.
///
/// # Errors
/// [`AuthenticateError`], without `Expired` and `Revoked`.
pub fn authenticate_to_end<'h>(
    state: &AppState,
    headers: impl IntoIterator<Item = &'h [u8]>,
) -> Result<EndingSession, AuthenticateError> {
    let token = state.token_rules.verify(bearer_token(headers)?, state.world.now(), Expiry::Forgiven)?;
    Ok(EndingSession { id: token.session_id, expires_at: token.expires_at })
}

/// The one token of the one header: a scheme in any case, one space, a token (RFC 6750, section 2.1).
fn bearer_token<'h>(headers: impl IntoIterator<Item = &'h [u8]>) -> Result<&'h str, AuthenticateError> {
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

impl From<AccessToken> for CurrentUser {
    fn from(token: AccessToken) -> Self {
        let AccessToken { user_id, username, roles, session_id, token_id, issued_at, expires_at } = token;
        Self { id: user_id, username, roles, session_id, token_id, issued_at, expires_at }
    }
}
