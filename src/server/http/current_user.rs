//! Who is calling: for routes an extractor, for server functions a call. Both read what the guard left.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use leptos::prelude::use_context;

use super::error::HttpError;
use crate::api_types::ApiError;
use crate::server::flows::{CurrentUser, EndingSession};
use crate::server::state::AppState;

impl<S: Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        Ok(left_by_guard(parts)?)
    }
}

impl<S: Sync> FromRequestParts<S> for EndingSession {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        Ok(left_by_guard(parts)?)
    }
}

/// Whoever calls a protected server function: its first line.
///
/// # Errors
/// `missing_token` where the function is on the public list and nobody was recognised.
pub fn current_user() -> Result<CurrentUser, ApiError> {
    left_by_guard(&parts()?)
}

/// The session that a server function on the list of ending doors is to end.
///
/// # Errors
/// `missing_token` elsewhere.
pub fn session_to_end() -> Result<EndingSession, ApiError> {
    left_by_guard(&parts()?)
}

/// What a server function can reach.
///
/// # Errors
/// `internal` outside a request.
pub fn app_state() -> Result<AppState, ApiError> {
    use_context().ok_or(ApiError::Internal)
}

fn parts() -> Result<Parts, ApiError> {
    use_context().ok_or(ApiError::Internal)
}

fn left_by_guard<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<T, ApiError> {
    parts.extensions.get().cloned().ok_or(ApiError::MissingToken)
}
