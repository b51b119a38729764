//! `POST /passkeys/sign-in/options`, `POST /passkeys/sign-in`: signs in with a passkey alone.
//! `POST /login/second-factor/options`: asks for a passkey after a password.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TokensAnswer;
use super::passkeys::{AskedAnswer, PasskeyInput};
use crate::api_types::Remember;
use crate::server::domain::challenge::ChallengeId;
use crate::server::flows::{self, NewSession, ShownPasskey, Visitor};
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// No `Debug`.
#[derive(Deserialize)]
pub struct SignInRequest {
    challenge: String,
    passkey: PasskeyInput,
    #[serde(default)]
    remember: Remember,
}

/// No `Debug`.
#[derive(Deserialize)]
pub struct SecondRequest {
    /// Of the answer `second_factor_required`.
    challenge: String,
}

/// The options alone: the client has the challenge.
#[derive(Serialize)]
pub struct SecondAnswer {
    options: Value,
}

pub async fn ask(State(state): State<AppState>, visitor: Visitor) -> Result<Json<AskedAnswer>, HttpError> {
    Ok(Json(flows::ask_for_passkey(&state, &visitor, None).await?.into()))
}

pub async fn sign_in(
    State(state): State<AppState>,
    visitor: Visitor,
    FormOrJson(request): FormOrJson<SignInRequest>,
) -> Result<Json<TokensAnswer>, HttpError> {
    let new = NewSession { kind: request.remember.into(), visitor, ..NewSession::default() };
    let challenge = ChallengeId::from_client(&request.challenge);
    let shown = ShownPasskey { challenge, answer: request.passkey.text(), username: "" };
    let signed_in = flows::sign_in_with_passkey(&state, shown, None, new).await?;
    Ok(Json(signed_in.into()))
}

pub async fn ask_after_password(
    State(state): State<AppState>,
    FormOrJson(request): FormOrJson<SecondRequest>,
) -> Result<Json<SecondAnswer>, HttpError> {
    let challenge = ChallengeId::from_client(&request.challenge);
    Ok(Json(SecondAnswer { options: flows::ask_for_second_passkey(&state, &challenge).await? }))
}
