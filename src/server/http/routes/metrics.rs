//! `GET /metrics`: the metrics, for the operator (`operator.rs`); `measure.rs` lists them.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::server::flows;
use crate::server::state::AppState;

/// Prometheus text, version 0.0.4.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    ([(CONTENT_TYPE, TEXT)], flows::report_metrics(&state).await)
}
