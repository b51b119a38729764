//! Rejects requests that another site makes a browser send (OWASP, cross-site request forgery: Fetch Metadata, else
//! `Origin`).
//!
//! Sign-in is included: a user who is signed in to an attacker's account without noticing could type secrets there. Leptos
//! checks neither origin nor content type of a server function. The origins of `CORS_ORIGINS` may call machine doors.

use axum::extract::Request;
use axum::http::Method;
use axum::http::header::ORIGIN;

use super::form_or_json::BodyType;
use super::leptos::SERVER_FUNCTIONS;
use crate::api_types::ApiError;
use crate::server::state::AppState;

/// Lets safe methods pass. Other methods must come from our own origin, from an allowed one, or from no browser. `allowed`:
/// whether the request comes from an allowed one, and may.
///
/// # Errors
/// `cross_site_request` and `unsupported_media_type`.
pub fn check(state: &AppState, request: &Request, allowed: bool) -> Result<(), ApiError> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if safe || allowed { Ok(()) } else { check_origin(state, request) }
}

fn check_origin(state: &AppState, request: &Request) -> Result<(), ApiError> {
    let server_function = request.uri().path().starts_with(SERVER_FUNCTIONS);
    let mut origins = request.headers().get_all(ORIGIN).iter();
    let (origin, another) = (origins.next(), origins.next());
    let own = match (request.headers().get("sec-fetch-site"), origin) {
        // No browser sends two.
        _ if another.is_some() => false,
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin.as_bytes() == state.config.public_url.as_bytes(),
        // Every browser sends one of the two headers. curl sends neither, and has no use for the doors of the pages.
        (None, None) => !server_function,
    };
    if !own {
        return Err(ApiError::CrossSiteRequest);
    }
    if server_function && BodyType::of(request).is_none() {
        return Err(ApiError::UnsupportedMediaType);
    }
    Ok(())
}
