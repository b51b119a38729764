//! Identifies the user of a request to a protected application: by an access token, or by the gate cookie.

use super::authenticate::{AuthenticateError, CurrentUser, authenticate, check_knowledge};
use crate::server::domain::access_token::Expiry;
use crate::server::domain::refused::{Check, TokenRefused};
use crate::server::state::AppState;

/// Identifies the user. An access token counts first. If it is missing or refused, the cookie counts: the application may use
/// the header for something else. Reads only memory, never the database.
///
/// `cookies`: the gate cookies of the request, one at most unless another host of the domain has set one too.
///
/// # Errors
/// [`AuthenticateError`] of the header, if there is one; otherwise of the cookie.
pub fn authenticate_at_gate<'h>(
    state: &AppState,
    headers: impl IntoIterator<Item = &'h [u8]>,
    cookies: impl Iterator<Item = &'h str>,
) -> Result<CurrentUser, AuthenticateError> {
    let by_header = authenticate(state, headers);
    match by_header {
        // Nothing else is known either.
        Ok(_) | Err(AuthenticateError::Unknown) => by_header,
        Err(AuthenticateError::Missing) => by_cookies(state, cookies),
        Err(refused) => match by_cookies(state, cookies) {
            Ok(user) => Ok(user),
            Err(AuthenticateError::Unknown) => Err(AuthenticateError::Unknown),
            Err(_) => Err(refused),
        },
    }
}

/// Good cookies of two users are refused: the browser does not say which of them another host has set.
fn by_cookies<'h>(state: &AppState, cookies: impl Iterator<Item = &'h str>) -> Result<CurrentUser, AuthenticateError> {
    let mut found: Result<CurrentUser, _> = Err(AuthenticateError::Missing);
    for cookie in cookies {
        match (by_cookie(state, cookie), &found) {
            (Ok(user), Ok(other)) if user.user_id != other.user_id => return Err(TokenRefused(Check::Claims).into()),
            // The first good one, or the last error.
            (Err(_) | Ok(_), Ok(_)) => {}
            (judged, Err(_)) => found = judged,
        }
    }
    found
}

/// As for an access token. The cookie names the session and not the token of the same answer: revoking that one token
/// (RFC 7009) leaves the session alive.
fn by_cookie(state: &AppState, cookie: &str) -> Result<CurrentUser, AuthenticateError> {
    // Without the setting there is no such cookie, whoever has one from before.
    let on = state.config.gate.cookie_domain.is_some();
    let pass = on.then(|| state.gate_key.read(cookie)).flatten().ok_or(TokenRefused(Check::Signature))?;
    let (token, now) = (&pass.token, state.world.now());
    state.token_rules.check_times(token, now, Expiry::Judged).map_err(TokenRefused)?;
    if state.blocklist.refuses_session(token.session_id) {
        return Err(AuthenticateError::Revoked);
    }
    check_knowledge(state, token)?;
    // As often as an access token would be new.
    if pass.is_use_due(now, state.token_rules.lifetime) {
        state.store.note_use(token.session_id, token.token_id, token.issued_at, now);
    }
    Ok(CurrentUser(token.clone()))
}
