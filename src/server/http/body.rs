//! Reads every request body once, with limits on size and time, before any handler runs.
//!
//! hyper has no time limit for a slow body, and server functions answer a large body with Leptos's own message. Here
//! both get the answer of the contract.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::api_types::ApiError;

/// Bytes of the largest body (contract, section 4).
const MAX_BODY_BYTES: usize = 16 * 1024;
/// Bytes of all header fields, names included (contract, section 4).
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Checks the size of the header.
///
/// # Errors
/// `headers_too_large`.
pub fn check_head(request: &Request) -> Result<(), ApiError> {
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if header_bytes > MAX_HEADER_BYTES { Err(ApiError::HeadersTooLarge) } else { Ok(()) }
}

/// Returns the request with its whole body in memory.
///
/// # Errors
/// `too_large` and `request_timeout`; `invalid_request` for a body that ends too early.
pub async fn read(request: Request, time: Duration) -> Result<Request, ApiError> {
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(time, collect(body)).await.map_err(|_| ApiError::RequestTimeout)??;
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
