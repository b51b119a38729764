//! What a server function finds in its context: the head of its request, and what it can reach.

use axum::http::request::Parts;
use leptos::prelude::use_context;

use crate::api_types::ApiError;
use crate::server::state::AppState;

/// What a server function can reach.
///
/// # Errors
/// `internal` outside a request.
pub fn app_state() -> Result<AppState, ApiError> {
    use_context().ok_or(ApiError::Internal)
}

/// The head of the request that a server function answers.
///
/// # Errors
/// `internal` outside a request.
pub fn parts() -> Result<Parts, ApiError> {
    use_context().ok_or(ApiError::Internal)
}
