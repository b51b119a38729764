//! `GET /me`: the account behind the token.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::server::flows::{self, CurrentUser};
use crate::server::http::error::HttpError;
use crate::server::state::AppState;

#[derive(Serialize)]
pub struct MeAnswer {
    id: String,
    username: String,
    roles: Vec<String>,
    /// Unix seconds.
    created_at: i64,
}

pub async fn me(State(state): State<AppState>, user: CurrentUser) -> Result<Json<MeAnswer>, HttpError> {
    let user = flows::whoami(&state, &user).await?;
    Ok(Json(MeAnswer {
        id: user.id.to_string(),
        username: user.username.to_string(),
        roles: user.roles.names(),
        created_at: user.created_at.0,
    }))
}
