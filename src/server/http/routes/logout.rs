//! `DELETE /logout`, and `POST`, which most clients send: ends the token's session, also if the token has expired.

use axum::extract::State;
use serde::Serialize;

use crate::server::flows::{self, EndingSession};
use crate::server::http::error::HttpError;
use crate::server::http::json::Json;
use crate::server::state::AppState;

#[derive(Serialize)]
pub struct LogoutAnswer {
    msg: &'static str,
}

pub async fn logout(State(state): State<AppState>, session: EndingSession) -> Result<Json<LogoutAnswer>, HttpError> {
    flows::logout(&state, session).await?;
    Ok(Json(LogoutAnswer { msg: "Access token revoked" }))
}
