//! Deny by default: a door that is not on the public list opens only for a valid access token.
//!
//! The guard stands before every route and server function, so that one that forgets to ask who is calling is closed
//! and not open. It leaves who it is for `current_user`.

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::client_auth::client_of;
use super::cookies::session_of_cookie;
use super::current_user::bearer_headers;
use super::error::HttpError;
use super::open_answers::answer_while_signed_in;
use super::operator::is_operator;
use crate::api_types::ApiError;
use crate::server::flows::{AuthenticateError, EndingSession, authenticate, authenticate_to_end};
use crate::server::state::AppState;

/// The doors that answer a stranger.
pub const PUBLIC: &[&str] = &[
    // Documents. They hold nothing protected: what they show comes through the doors that are not here.
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
    // Machines.
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

/// The doors that are a page too: whoever asks for HTML gets the document, as on the public list.
const PAGES_TOO: &[&str] = &["GET /sessions"];

/// The doors that end a session, for which an expired token with a right signature counts.
const ENDING: &[&str] = &["DELETE /logout", "POST /api/logout"];

/// The ending door that takes the cookie too: a page may have lost its access token.
const ENDING_BY_COOKIE: &str = "POST /api/logout";

/// The doors that may end the session of whoever asks, who is to hear that it is done.
const MAY_END_OWN: &[&str] = &["DELETE /sessions/{id}", "POST /api/delete-account", "POST /api/end-session"];

/// The doors for other services, which show a client's name and secret.
pub const CLIENTS: &[&str] = &["GET /revocations", "POST /introspect"];

/// The doors for whoever runs this server. For others they are not there.
pub const OPERATORS: &[&str] = &["GET /metrics"];

/// Lets in, or answers 401.
pub async fn guard(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let door = door(request.method(), request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str));
    let is_page = PAGES_TOO.contains(&door.as_str()) && asks_for_a_page(request.headers());
    if is_page || PUBLIC.contains(&door.as_str()) {
        return next.run(request).await;
    }
    if CLIENTS.contains(&door.as_str()) {
        return match client_of(&state, request.headers()).await {
            Ok(_) => next.run(request).await,
            Err(refused) => HttpError(refused).into_response(),
        };
    }
    if OPERATORS.contains(&door.as_str()) {
        return if is_operator(&state, &request) {
            next.run(request).await
        } else {
            HttpError(ApiError::NotFound).into_response()
        };
    }
    if ENDING.contains(&door.as_str()) {
        return match session_to_end(&state, &door, request.headers()) {
            Ok(session) => {
                request.extensions_mut().insert(session);
                next.run(request).await
            }
            Err(refused) => refuse(refused),
        };
    }
    match authenticate(&state, bearer_headers(request.headers())) {
        Ok(user) => {
            request.extensions_mut().insert(user.clone());
            if MAY_END_OWN.contains(&door.as_str()) {
                return next.run(request).await;
            }
            answer_while_signed_in(state, user, next.run(request)).await
        }
        Err(refused) => refuse(refused),
    }
}

fn refuse(refused: AuthenticateError) -> Response {
    HttpError(ApiError::from(refused)).into_response()
}

/// The session of the access token; where there is none that counts, of the cookie.
fn session_to_end(state: &AppState, door: &str, headers: &HeaderMap) -> Result<EndingSession, AuthenticateError> {
    authenticate_to_end(state, bearer_headers(headers)).or_else(|refused| {
        let of_cookie = (door == ENDING_BY_COOKIE).then(|| session_of_cookie(state, headers)).flatten();
        of_cookie.ok_or(refused)
    })
}

/// Whether a browser asks for something to show.
pub fn asks_for_a_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// The name of a door, as the lists write it. Where one can GET one can HEAD.
pub fn door(method: &Method, path: &str) -> String {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    format!("{method} {path}")
}
