//! `GET /email`, `POST /email`, `POST /email/confirm`: the user's own email address.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::Done;
use crate::api_types::EmailAnswer;
use crate::server::flows::{self, CurrentUser, Visitor};
use crate::server::http::current_user::FreshUser;
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

#[derive(Deserialize)]
pub struct EmailRequest {
    #[serde(default)]
    email: String,
}

/// No `Debug`.
#[derive(Deserialize)]
pub struct LinkRequest {
    #[serde(default)]
    token: String,
}

pub async fn own(State(state): State<AppState>, user: CurrentUser) -> Result<Json<EmailAnswer>, HttpError> {
    Ok(Json(EmailAnswer { email: flows::own_email(&state, &user).await? }))
}

pub async fn change(
    State(state): State<AppState>,
    user: FreshUser,
    visitor: Visitor,
    FormOrJson(request): FormOrJson<EmailRequest>,
) -> Result<(StatusCode, Json<Done>), HttpError> {
    flows::change_email(&state, &user, &request.email, &visitor).await?;
    Ok((StatusCode::ACCEPTED, Json(Done { msg: "Open the link in the mail to this address" })))
}

pub async fn confirm(
    State(state): State<AppState>,
    visitor: Visitor,
    FormOrJson(request): FormOrJson<LinkRequest>,
) -> Result<Json<Done>, HttpError> {
    flows::confirm_new_email(&state, &request.token, &visitor).await?;
    Ok(Json(Done { msg: "Email address confirmed" }))
}
