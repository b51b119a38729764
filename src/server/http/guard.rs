//! Deny by default: a door that is not on the public list opens only for a valid access token.
//!
//! The guard runs before every route and server function, so a door that forgets to ask for the user is closed, not open.
//! `current_user` tells the door who the user is.

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::client_auth::client_of;
use super::cookies::{cookies, gate_cookies, session_of_cookie};
use super::current_user::authorization_headers;
use super::error::HttpError;
use super::open_answers::answer_while_signed_in;
use super::operator::is_operator;
use super::visit::Visit;
use crate::api_types::ApiError;
use crate::server::flows::{
    AuthenticateError, EndingSession, authenticate, authenticate_at_gate, authenticate_to_end, require_enrolment,
};
use crate::server::state::AppState;

/// The doors that need no access token.
pub const PUBLIC: &[&str] = &[
    // Documents. They hold nothing protected: protected data comes through doors that are not in this list.
    "GET /",
    "GET /account",
    "GET /admin",
    "GET /admin/events",
    "GET /admin/keys",
    "GET /dashboard",
    "GET /email/confirm",
    "GET /inspector",
    "GET /login",
    "GET /login/second-factor",
    "GET /password/forgot",
    "GET /password/reset",
    "GET /setup",
    "GET /signup",
    // Leads to one of them.
    "GET /.well-known/change-password",
    // Machine doors.
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/passkey-endpoints",
    "GET /.well-known/webauthn",
    "GET /healthz",
    "GET /openapi.json",
    "GET /readyz",
    "POST /email/confirm",
    "POST /login",
    "POST /login/second-factor",
    "POST /login/second-factor/options",
    "POST /passkeys/sign-in",
    "POST /passkeys/sign-in/options",
    "POST /password/forgot",
    "POST /password/reset",
    "POST /refresh",
    "POST /revoke",
    "POST /signup",
    "POST /token",
    // The lesson; its tokens open nothing else.
    "GET /sign-token",
    "POST /verify-token",
    // Pages.
    "POST /api/confirm-email",
    "POST /api/forgot-password",
    "POST /api/login",
    "POST /api/passkey-question",
    "POST /api/passkey-sign-in",
    "POST /api/password-strength",
    "POST /api/refresh",
    "POST /api/reset-password",
    "POST /api/second-factor",
    "POST /api/second-factor-question",
    "POST /api/asked-factors",
    "POST /api/setup",
    "POST /api/signup",
];

/// The doors that are also a page: a client that accepts HTML gets the document, as on the public list.
const PAGES_TOO: &[&str] = &["GET /sessions"];

/// The doors that end a session. Both kinds of token count, also an expired one with a right signature.
const ENDING: &[&str] = &["DELETE /logout", "POST /logout", "POST /api/logout"];

/// The ending door that also takes the cookie: a page may have lost its access token.
const ENDING_BY_COOKIE: &str = "POST /api/logout";

/// The doors that can end the caller's own session and must still answer the caller.
const MAY_END_OWN: &[&str] = &["DELETE /sessions/{id}", "POST /api/delete-account", "POST /api/end-session"];

/// The doors for a user who must set up a second factor before anything else (`REQUIRE_SECOND_FACTOR`): those of the second
/// factors, those that end sessions, and what the page of the account shows.
pub const ENROLLING: &[&str] = &[
    "POST /totp",
    "POST /totp/confirm",
    "DELETE /totp",
    "POST /recovery-codes",
    "GET /email",
    "GET /passkeys",
    "POST /passkeys",
    "POST /passkeys/options",
    "PATCH /passkeys/{id}",
    "DELETE /passkeys/{id}",
    "GET /sessions",
    "DELETE /sessions",
    "DELETE /sessions/{id}",
    "GET /api/account",
    "GET /api/email",
    "GET /api/events",
    "GET /api/factors",
    "GET /api/greeting",
    "GET /api/passkeys",
    "GET /api/sessions",
    "POST /api/add-passkey",
    "POST /api/begin-totp",
    "POST /api/confirm-totp",
    "POST /api/end-other-sessions",
    "POST /api/end-session",
    "POST /api/new-passkey-question",
    "POST /api/remove-passkey",
    "POST /api/remove-totp",
    "POST /api/rename-passkey",
    "POST /api/renew-recovery-codes",
];

/// The doors for other services, which send a client's name and secret.
pub const CLIENTS: &[&str] = &["GET /revocations", "POST /introspect"];

/// The door that tells a proxy who sends a request to an application. It also answers strangers: it tells them where to sign
/// in.
pub const GATE: &[&str] = &["GET /forward-auth"];

/// The doors for the operator. For all others they answer 404.
pub const OPERATORS: &[&str] = &["GET /metrics"];

/// Who can use a door.
#[derive(Clone, Copy)]
pub enum Admits {
    Anybody,
    Clients,
    Operators,
    /// Anybody, with an access token, a gate cookie, or neither.
    AtGate,
    /// A client with a token of the session that it ends.
    Ending {
        by_cookie: bool,
    },
    SignedIn {
        may_end_own: bool,
        /// Also users who must set up a second factor first.
        enrolling: bool,
    },
}

impl Admits {
    /// Returns who can use the door with this name.
    pub fn of(door: &str) -> Self {
        if PUBLIC.contains(&door) {
            Self::Anybody
        } else if CLIENTS.contains(&door) {
            Self::Clients
        } else if GATE.contains(&door) {
            Self::AtGate
        } else if OPERATORS.contains(&door) {
            Self::Operators
        } else if ENDING.contains(&door) {
            Self::Ending { by_cookie: door == ENDING_BY_COOKIE }
        } else {
            Self::SignedIn { may_end_own: MAY_END_OWN.contains(&door), enrolling: ENROLLING.contains(&door) }
        }
    }
}

/// Lets the request in and answers it, or refuses it. [`Visit`] then says who the caller is.
pub async fn guarded<A: Future<Output = Response>>(
    state: &AppState,
    admits: Admits,
    mut request: Request,
    answer: impl FnOnce(Request) -> A,
) -> Response {
    let refused = match admits {
        Admits::Anybody => Ok(()),
        Admits::Clients => Box::pin(client_of(state, request.headers())).await.map(drop),
        Admits::Operators => {
            let peer = Visit::of(&mut request).peer;
            if is_operator(state, peer, request.headers()) { Ok(()) } else { Err(ApiError::NotFound) }
        }
        Admits::AtGate => {
            let (headers, cookies) = (request.headers(), cookies(request.headers()));
            let judged = authenticate_at_gate(state, authorization_headers(headers), gate_cookies(cookies.as_ref()));
            Visit::of(&mut request).at_gate = Some(judged);
            Ok(())
        }
        Admits::Ending { by_cookie } => session_to_end(state, by_cookie, request.headers())
            .map(|session| Visit::of(&mut request).ending = Some(session))
            .map_err(ApiError::from),
        Admits::SignedIn { may_end_own, enrolling } => {
            match authenticate(state, authorization_headers(request.headers())) {
                Ok(user) if !enrolling && require_enrolment(state, &user).is_err() => {
                    Err(ApiError::SecondFactorEnrolmentRequired)
                }
                Ok(user) => {
                    Visit::of(&mut request).user = Some(user.clone());
                    if !may_end_own {
                        return answer_while_signed_in(state, &user, answer(request)).await;
                    }
                    Ok(())
                }
                Err(refused) => Err(refused.into()),
            }
        }
    };
    match refused {
        Ok(()) => answer(request).await,
        Err(refused) => HttpError(refused).into_response(),
    }
}

/// The guard of pages and server functions.
pub async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let door = door(request.method(), path);
    let is_page = PAGES_TOO.contains(&door.as_str()) && asks_for_a_page(request.headers());
    let admits = if is_page { Admits::Anybody } else { Admits::of(&door) };
    guarded(&state, admits, request, |request| next.run(request)).await
}

/// Returns whether a page or server function needs no token, by the path of the request: no public door has a part that
/// varies. Makes no text of it: all requests for pages and files come here.
pub fn is_public(method: &Method, path: &str) -> bool {
    let method = method_of_door(method);
    // Compares lengths first: most differ.
    let is = |name: &&str| {
        name.len() == method.len() + " ".len() + path.len() && name.split_once(' ') == Some((method, path))
    };
    PUBLIC.iter().any(is)
}

/// Returns the session of the token; without a token that counts, the session of the cookie.
fn session_to_end(state: &AppState, by_cookie: bool, headers: &HeaderMap) -> Result<EndingSession, AuthenticateError> {
    authenticate_to_end(state, authorization_headers(headers)).or_else(|refused| {
        let of_cookie = by_cookie.then(|| session_of_cookie(state, headers)).flatten();
        of_cookie.ok_or(refused)
    })
}

/// Returns whether a browser asks for a page.
pub fn asks_for_a_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Returns the name of a door, as the lists write it.
pub fn door(method: &Method, path: &str) -> String {
    format!("{} {path}", method_of_door(method))
}

/// A door that takes GET also takes HEAD.
fn method_of_door(method: &Method) -> &str {
    if method == Method::HEAD { "GET" } else { method.as_str() }
}
