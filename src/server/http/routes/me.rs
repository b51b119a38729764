//! `GET /me`: returns the account of the token.

use axum::extract::State;

use crate::api_types::AccountAnswer;
use crate::server::flows::{self, CurrentUser};
use crate::server::http::error::HttpError;
use crate::server::http::json::Json;
use crate::server::state::AppState;

pub async fn me(State(state): State<AppState>, user: CurrentUser) -> Result<Json<AccountAnswer>, HttpError> {
    Ok(Json(flows::whoami(&state, &user).await?.into()))
}
