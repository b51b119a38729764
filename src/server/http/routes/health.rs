//! `GET /healthz`: the process runs. `GET /readyz`: the store answers too, and this process knows of all sign-outs, so protected
//! doors work.

use axum::extract::State;
use serde::Serialize;

use crate::api_types::ApiError;
use crate::server::http::error::HttpError;
use crate::server::http::json::Json;
use crate::server::state::AppState;

#[derive(Serialize)]
pub struct HealthAnswer {
    status: &'static str,
}

pub async fn healthz() -> Json<HealthAnswer> {
    Json(HealthAnswer { status: "alive" })
}

pub async fn readyz(State(state): State<AppState>) -> Result<Json<HealthAnswer>, HttpError> {
    state.store.ping().await?;
    if !state.freshness.is_fresh(state.world.uptime()) {
        return Err(ApiError::Unavailable.into());
    }
    Ok(Json(HealthAnswer { status: "ready" }))
}
