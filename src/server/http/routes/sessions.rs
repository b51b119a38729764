//! `/sessions`: lists and ends the user's own sessions. A client that accepts HTML gets the page instead
//! (`front_door.rs`).

use axum::extract::State;
use axum::http::header::VARY;
use axum::response::IntoResponse;
use serde::Serialize;

use crate::api_types::SessionSummary;
use crate::server::domain::session::Origin;
use crate::server::flows::{self, CurrentUser};
use crate::server::http::current_user::FreshUser;
use crate::server::http::error::HttpError;
use crate::server::http::json::Json;
use crate::server::http::machine_doors::LastPart;
use crate::server::state::AppState;

#[derive(Serialize)]
pub struct EndedAnswer {
    msg: &'static str,
}

pub async fn list(State(state): State<AppState>, user: CurrentUser) -> Result<impl IntoResponse, HttpError> {
    let sessions = flows::list_sessions(&state, &user).await?;
    let sessions: Vec<_> = sessions.into_iter().map(SessionSummary::from).collect();
    Ok(([(VARY, "accept")], Json(sessions)))
}

pub async fn end(
    State(state): State<AppState>,
    user: CurrentUser,
    LastPart(id): LastPart,
) -> Result<Json<EndedAnswer>, HttpError> {
    flows::end_session(&state, &user, &id).await?;
    Ok(Json(EndedAnswer { msg: "Session ended" }))
}

pub async fn end_others(
    State(state): State<AppState>,
    user: FreshUser,
    origin: Origin,
) -> Result<Json<EndedAnswer>, HttpError> {
    flows::end_other_sessions(&state, &user, origin).await?;
    Ok(Json(EndedAnswer { msg: "All other sessions ended" }))
}
