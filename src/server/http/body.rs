//! Reads every request body once, with limits on size and time, before any handler runs.
//!
//! hyper has no time limit for a slow body, and server functions answer a large body with Leptos's own message. Here
//! both get the answer of the contract.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::error::HttpError;
use super::listener::Limits;
use crate::api_types::ApiError;
use crate::server::hash_pool::Overloaded;

/// Bytes of the largest body (contract, section 4).
const MAX_BODY_BYTES: usize = 16 * 1024;
/// Bytes of all header fields, names included (contract, section 4).
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Answers 413, 408 or 431; 503 if `turns.rs` set it; otherwise goes on with the whole body in memory.
pub async fn read_body(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    if let Some(overloaded) = request.extensions().get::<Overloaded>() {
        return HttpError::from(*overloaded).into_response();
    }
    match read(request, limits.body_time).await {
        Ok(request) => next.run(request).await,
        Err(error) => HttpError(error).into_response(),
    }
}

async fn read(request: Request, body_time: Duration) -> Result<Request, ApiError> {
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if header_bytes > MAX_HEADER_BYTES {
        return Err(ApiError::HeadersTooLarge);
    }
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(body_time, collect(body)).await.map_err(|_| ApiError::RequestTimeout)??;
    Ok(Request::from_parts(parts, Body::from(body)))
}

async fn collect(body: Body) -> Result<Bytes, ApiError> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::TooLarge),
        // The client closed the connection, or what it sent is not HTTP.
        Err(_) => Err(ApiError::InvalidRequest),
    }
}
