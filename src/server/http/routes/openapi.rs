//! `GET /openapi.json`: describes all machine doors (OpenAPI 3.1).
//!
//! Kept by hand in `openapi.json`; `src/tests/openapi.rs` compares it with the router and with real answers.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

/// Returns the document that `handstamp openapi` prints.
pub const DOCUMENT: &str = include_str!("openapi.json");

pub async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")], DOCUMENT)
}
