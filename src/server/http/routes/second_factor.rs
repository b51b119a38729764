//! `POST /login/second-factor`: takes the answer to a challenge of `/login`, and returns the tokens of a new session.

use axum::extract::State;
use serde::Deserialize;

use super::TokensAnswer;
use super::passkeys::PasskeyInput;
use crate::api_types::{ApiError, PasswordInput};
use crate::server::domain::challenge::ChallengeId;
use crate::server::flows::{self, NewSession, SecondFactor, Visitor};
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// A challenge, and one second factor. No `Debug`.
#[derive(Deserialize)]
pub struct SecondFactorRequest {
    #[serde(default)]
    challenge: PasswordInput,
    #[serde(default)]
    totp: PasswordInput,
    #[serde(default)]
    recovery_code: PasswordInput,
    #[serde(default)]
    passkey: Option<PasskeyInput>,
}

pub async fn second_factor(
    State(state): State<AppState>,
    visitor: Visitor,
    FormOrJson(request): FormOrJson<SecondFactorRequest>,
) -> Result<Json<TokensAnswer>, HttpError> {
    let SecondFactorRequest { challenge, totp, recovery_code, passkey } = request;
    let shown = SecondFactor::of(
        totp.into(),
        recovery_code.into(),
        passkey.map(|passkey| passkey.text().to_owned()).unwrap_or_default(),
    )
    .ok_or(ApiError::InvalidRequest)?;
    let challenge = ChallengeId::from_client(&challenge.0);
    let new = NewSession { visitor, ..NewSession::default() };
    Ok(Json(flows::second_factor(&state, &challenge, &shown, new).await?.into()))
}
