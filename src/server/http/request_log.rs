//! One line a request, with a request id that the answer carries too. Never a header, a query or a body.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tracing::{Instrument as _, info, info_span};

use crate::server::state::AppState;

/// Logs, and names the request.
pub async fn log_request(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let id = URL_SAFE_NO_PAD.encode(state.world.random_bytes::<12>());
    let span = info_span!("request", id);
    async move {
        let begun = Instant::now();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let mut response = next.run(request).await;
        let (status, elapsed) = (response.status(), begun.elapsed());
        if !is_noise(&path, status) {
            info!(%method, path, status = status.as_u16(), elapsed_us = elapsed.as_micros(), "Answered");
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    }
    .instrument(span)
    .await
}

/// A probe every second that finds all well says nothing.
fn is_noise(path: &str, status: StatusCode) -> bool {
    status == StatusCode::OK && matches!(path, "/healthz" | "/readyz")
}
