//! `/sessions`: lists and ends the user's own sessions. If the client accepts HTML, `GET /sessions` is the page.

use axum::Json;
use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::http::header::VARY;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::api_types::SessionSummary;
use crate::server::domain::session::Origin;
use crate::server::flows::{self, CurrentUser};
use crate::server::http::current_user::FreshUser;
use crate::server::http::error::HttpError;
use crate::server::http::guard::asks_for_a_page;
use crate::server::http::leptos::render_page;
use crate::server::state::AppState;

#[derive(Serialize)]
pub struct EndedAnswer {
    msg: &'static str,
}

pub async fn list(State(state): State<AppState>, request: Request) -> Response {
    let answer = if asks_for_a_page(request.headers()) {
        render_page(&state, request).await
    } else {
        list_for_machines(&state, request)
            .await
            .map_or_else(HttpError::into_response, |list| Json(list).into_response())
    };
    ([(VARY, "accept")], answer).into_response()
}

async fn list_for_machines(state: &AppState, request: Request) -> Result<Vec<SessionSummary>, HttpError> {
    let (mut parts, _) = request.into_parts();
    let user = CurrentUser::from_request_parts(&mut parts, state).await?;
    let sessions = flows::list_sessions(state, &user).await?;
    Ok(sessions.into_iter().map(SessionSummary::from).collect())
}

pub async fn end(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<String>,
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
