//! Issues gate cookies: to a browser, with the tokens of a sign-in or a refresh.

use secrecy::SecretString;

use crate::server::domain::blocklist::keep_until;
use crate::server::domain::gate_cookie::{LONGEST_LIFETIME, content};
use crate::server::domain::ids::TokenId;
use crate::server::domain::session::Session;
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::user::User;
use crate::server::state::AppState;

/// The client that gets the tokens of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Receiver {
    /// It keeps no cookie.
    #[default]
    Machine,
    Browser,
}

/// A gate cookie. No `Debug`: anyone who reads it passes the gate.
pub struct GateCookie {
    pub text: SecretString,
    /// In seconds from now.
    pub expires_in: u64,
}

/// Returns until when the tokens and the cookie of one answer are accepted without asking the store. If the session ends,
/// the blocklist must keep it until then. `rotated_at`: the time of the refresh token in the same answer.
pub(super) fn accepted_until(
    state: &AppState,
    session: &Session,
    rotated_at: UnixTime,
    receiver: Receiver,
    now: UnixTime,
) -> UnixTime {
    let token = state.token_rules.expiry(session, now);
    cookie_expiry(state, session, rotated_at, receiver, now).map_or(token, |cookie| cookie.max(token))
}

/// Makes the cookie, if the receiver gets one.
pub(super) fn gate_cookie(
    state: &AppState,
    (user, session): (&User, &Session),
    rotated_at: UnixTime,
    receiver: Receiver,
    token_id: TokenId,
    now: UnixTime,
) -> Option<GateCookie> {
    let expires_at = cookie_expiry(state, session, rotated_at, receiver, now)?;
    state.past_purge.issued(token_id, keep_until(expires_at, state.token_rules.leeway));
    let content = content((user, session), &state.token_rules.additional, token_id, now, expires_at);
    let text = state.gate_key.write(&content, state.world.random_bytes());
    Some(GateCookie { text, expires_in: expires_at.seconds_since(now) })
}

/// Never later than the session can be refreshed.
fn cookie_expiry(
    state: &AppState,
    session: &Session,
    rotated_at: UnixTime,
    receiver: Receiver,
    now: UnixTime,
) -> Option<UnixTime> {
    let gets_one = receiver == Receiver::Browser && state.config.gate.cookie_domain.is_some();
    gets_one.then(|| now.plus(LONGEST_LIFETIME).min(state.session_rules.refreshable_until(session, rotated_at)))
}
