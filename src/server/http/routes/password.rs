//! `POST /password`: changes the user's own password, and ends their other sessions.

use axum::extract::State;
use serde::Deserialize;

use super::Done;
use crate::api_types::PasswordInput;
use crate::server::flows::{self, Visitor};
use crate::server::http::current_user::FreshUser;
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// No `Debug`.
#[derive(Deserialize)]
pub struct PasswordRequest {
    #[serde(default)]
    current_password: PasswordInput,
    #[serde(default)]
    new_password: PasswordInput,
}

pub async fn change(
    State(state): State<AppState>,
    user: FreshUser,
    visitor: Visitor,
    FormOrJson(request): FormOrJson<PasswordRequest>,
) -> Result<Json<Done>, HttpError> {
    let (current, new) = (request.current_password.into(), request.new_password.into());
    flows::change_own_password(&state, &user, current, new, visitor).await?;
    Ok(Json(Done { msg: "Password changed" }))
}
