//! What a server function finds in its context: the head of its request, and the application's state.

use axum::http::request::Parts;
use leptos::prelude::use_context;

use crate::api_types::ApiError;
use crate::server::state::AppState;

/// Returns the state that a server function can use.
///
/// # Errors
/// `internal` outside a request.
pub fn app_state() -> Result<AppState, ApiError> {
    use_context().ok_or(ApiError::Internal)
}

/// Returns the head of the request that a server function answers.
///
/// # Errors
/// `internal` outside a request.
pub fn parts() -> Result<Parts, ApiError> {
    use_context().ok_or(ApiError::Internal)
}
