//! `POST /signup`: makes an account, where sign-up is open.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::CredentialsRequest;
use crate::server::flows;
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::state::AppState;

#[derive(Serialize)]
pub struct SignupAnswer {
    id: String,
    username: String,
}

pub async fn signup(
    State(state): State<AppState>,
    FormOrJson(request): FormOrJson<CredentialsRequest>,
) -> Result<(StatusCode, Json<SignupAnswer>), HttpError> {
    let user = flows::signup(&state, &request.username, request.password.into()).await?;
    Ok((StatusCode::CREATED, Json(SignupAnswer { id: user.id.to_string(), username: user.username.to_string() })))
}
