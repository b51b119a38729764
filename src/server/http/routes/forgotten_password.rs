//! `POST /password/forgot` and `POST /password/reset`: a new password with a link in a mail.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::Done;
use crate::api_types::PasswordInput;
use crate::server::flows::{self, Visitor};
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// One of the two.
#[derive(Deserialize)]
pub struct ForgotRequest {
    #[serde(default)]
    username: String,
    #[serde(default)]
    email: String,
}

/// No `Debug`.
#[derive(Deserialize)]
pub struct ResetRequest {
    #[serde(default)]
    token: String,
    #[serde(default)]
    new_password: PasswordInput,
}

pub async fn forgot(
    State(state): State<AppState>,
    visitor: Visitor,
    FormOrJson(request): FormOrJson<ForgotRequest>,
) -> Result<(StatusCode, Json<Done>), HttpError> {
    let ForgotRequest { username, email } = request;
    let typed = if username.is_empty() { email } else { username };
    flows::forgot_password(&state, &typed, &visitor)?;
    Ok((StatusCode::ACCEPTED, Json(Done { msg: "If this account has an email address, a link is on its way" })))
}

pub async fn reset(
    State(state): State<AppState>,
    visitor: Visitor,
    FormOrJson(request): FormOrJson<ResetRequest>,
) -> Result<Json<Done>, HttpError> {
    flows::reset_password(&state, &request.token, request.new_password.into(), &visitor).await?;
    Ok(Json(Done { msg: "Password changed" }))
}
