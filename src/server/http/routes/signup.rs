//! `POST /signup`: makes an account, if sign-up is open.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api_types::PasswordInput;
use crate::server::flows::{self, Visitor};
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// No `Debug`.
#[derive(Deserialize)]
pub struct SignupRequest {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: PasswordInput,
    /// The code after the `#` of the link.
    #[serde(default)]
    invitation: String,
}

#[derive(Serialize)]
pub struct SignupAnswer {
    id: String,
    username: String,
}

pub async fn signup(
    State(state): State<AppState>,
    visitor: Visitor,
    FormOrJson(request): FormOrJson<SignupRequest>,
) -> Result<(StatusCode, Json<SignupAnswer>), HttpError> {
    let SignupRequest { username, password, invitation } = request;
    let user = flows::signup(&state, &invitation, &username, password.into(), &visitor).await?;
    Ok((StatusCode::CREATED, Json(SignupAnswer { id: user.id.to_string(), username: user.username.to_string() })))
}
