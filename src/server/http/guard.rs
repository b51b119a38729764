//! Deny by default: a door that is not on the public list opens only for a valid access token.
//!
//! The guard stands before every route and server function, so that one that forgets to ask who is calling is closed
//! and not open. It leaves who it is for `current_user`.

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::error::HttpError;
use crate::api_types::ApiError;
use crate::server::flows::{authenticate, authenticate_to_end};
use crate::server::state::AppState;

/// The doors that answer a stranger.
pub const PUBLIC: &[&str] = &[
    // Documents. They hold nothing protected: what they show comes through the doors that are not here.
    "GET /",
    "GET /dashboard",
    "GET /login",
    "GET /setup",
    "GET /signup",
    // Machines.
    "GET /healthz",
    "GET /readyz",
    "POST /login",
    "POST /signup",
    // Pages.
    "POST /api/login",
    "POST /api/setup",
    "POST /api/signup",
];

/// The doors that end a session, for which an expired token with a right signature counts.
const ENDING: &[&str] = &["DELETE /logout", "POST /api/logout"];

/// Lets in, or answers 401.
pub async fn guard(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let door = door(request.method(), request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str));
    if PUBLIC.contains(&door.as_str()) {
        return next.run(request).await;
    }
    let recognised = if ENDING.contains(&door.as_str()) {
        authenticate_to_end(&state, bearer_headers(request.headers())).map(|session| {
            request.extensions_mut().insert(session);
        })
    } else {
        authenticate(&state, bearer_headers(request.headers())).map(|user| {
            request.extensions_mut().insert(user);
        })
    };
    match recognised {
        Ok(()) => next.run(request).await,
        Err(refused) => HttpError(ApiError::from(refused)).into_response(),
    }
}

/// The name of a door, as the lists write it. Where one can GET one can HEAD.
pub fn door(method: &Method, path: &str) -> String {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    format!("{method} {path}")
}

fn bearer_headers(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(AUTHORIZATION).iter().map(axum::http::HeaderValue::as_bytes)
}
