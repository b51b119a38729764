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
use super::cookies::session_of_cookie;
use super::current_user::authorization_headers;
use super::error::HttpError;
use super::open_answers::answer_while_signed_in;
use super::operator::is_operator;
use crate::api_types::ApiError;
use crate::server::flows::{AuthenticateError, EndingSession, authenticate, authenticate_to_end};
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
    "GET /inspector",
    "GET /login",
    "GET /setup",
    "GET /signup",
    // Leads to one of them.
    "GET /.well-known/change-password",
    // Machine doors.
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /healthz",
    "GET /openapi.json",
    "GET /readyz",
    "POST /login",
    "POST /refresh",
    "POST /revoke",
    "POST /signup",
    // The lesson; its tokens open nothing else.
    "GET /sign-token",
    "POST /verify-token",
    // Pages.
    "POST /api/login",
    "POST /api/password-strength",
    "POST /api/refresh",
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

/// The doors for other services, which send a client's name and secret.
pub const CLIENTS: &[&str] = &["GET /revocations", "POST /introspect"];

/// The doors for the operator. For all others they answer 404.
pub const OPERATORS: &[&str] = &["GET /metrics"];

/// Lets the request in, or answers 401.
pub async fn guard(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let admits = Door::of(&request).admits(request.headers());
    match admits {
        Admits::Anybody => next.run(request).await,
        Admits::Clients => match client_of(&state, request.headers()).await {
            Ok(_) => next.run(request).await,
            Err(refused) => HttpError(refused).into_response(),
        },
        Admits::Operators => {
            if is_operator(&state, &request) {
                next.run(request).await
            } else {
                HttpError(ApiError::NotFound).into_response()
            }
        }
        Admits::Ending { by_cookie } => match session_to_end(&state, by_cookie, request.headers()) {
            Ok(session) => {
                request.extensions_mut().insert(session);
                next.run(request).await
            }
            Err(refused) => refuse(refused),
        },
        Admits::SignedIn { may_end_own } => match authenticate(&state, authorization_headers(request.headers())) {
            Ok(user) => {
                request.extensions_mut().insert(user.clone());
                if may_end_own {
                    return next.run(request).await;
                }
                answer_while_signed_in(state, user, next.run(request)).await
            }
            Err(refused) => refuse(refused),
        },
    }
}

/// Returns whether a door needs no token, by the path of the request: no public door has a part that varies.
pub fn is_public(method: &Method, path: &str) -> bool {
    Door { method: method_of_door(method), path }.is_on(PUBLIC)
}

/// Who can use a door.
#[derive(Clone, Copy)]
enum Admits {
    Anybody,
    Clients,
    Operators,
    /// A client with a token of the session that it ends.
    Ending {
        by_cookie: bool,
    },
    SignedIn {
        may_end_own: bool,
    },
}

/// Returns who can use the door of a request. Compares the request with the lists, and makes no text of it each time.
struct Door<'r> {
    method: &'r str,
    path: &'r str,
}

impl<'r> Door<'r> {
    fn of(request: &'r Request) -> Self {
        let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        Self { method: method_of_door(request.method()), path }
    }

    fn admits(&self, headers: &HeaderMap) -> Admits {
        if self.is_on(PUBLIC) || (self.is_on(PAGES_TOO) && asks_for_a_page(headers)) {
            Admits::Anybody
        } else if self.is_on(CLIENTS) {
            Admits::Clients
        } else if self.is_on(OPERATORS) {
            Admits::Operators
        } else if self.is_on(ENDING) {
            Admits::Ending { by_cookie: self.is(ENDING_BY_COOKIE) }
        } else {
            Admits::SignedIn { may_end_own: self.is_on(MAY_END_OWN) }
        }
    }

    fn is_on(&self, list: &[&str]) -> bool {
        list.iter().any(|name| self.is(name))
    }

    fn is(&self, name: &str) -> bool {
        // Compares lengths first: most differ, and every request goes through the lists.
        name.len() == self.method.len() + " ".len() + self.path.len()
            && name.split_once(' ') == Some((self.method, self.path))
    }
}

fn refuse(refused: AuthenticateError) -> Response {
    HttpError(ApiError::from(refused)).into_response()
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
