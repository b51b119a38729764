//! `POST /recovery-codes`: makes new recovery codes. The earlier ones stop working.

use axum::extract::State;
use serde::Serialize;

use crate::server::domain::recovery_code::RecoveryCode;
use crate::server::domain::session::Origin;
use crate::server::flows;
use crate::server::http::answers::texts_of_codes;
use crate::server::http::current_user::FreshUser;
use crate::server::http::error::HttpError;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// Shown once. No `Debug`.
#[derive(Serialize)]
pub struct RecoveryCodesAnswer {
    recovery_codes: Vec<String>,
}

pub async fn renew(
    State(state): State<AppState>,
    user: FreshUser,
    origin: Origin,
) -> Result<Json<RecoveryCodesAnswer>, HttpError> {
    let codes = flows::renew_recovery_codes(&state, &user, origin).await?;
    Ok(Json(RecoveryCodesAnswer::of(&codes)))
}

impl RecoveryCodesAnswer {
    pub fn of(codes: &[RecoveryCode]) -> Self {
        Self { recovery_codes: texts_of_codes(codes) }
    }
}
