//! `POST /login`: takes a form or JSON, and returns the tokens of a new session, or asks for a second factor.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::{CredentialsRequest, TokensAnswer};
use crate::api_types::ApiError;
use crate::server::flows::{self, NewSession, SignInStep, Visitor};
use crate::server::http::error::{Answered, HttpError};
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// The error `second_factor_required`, with what the client needs to go on. No `Debug`.
#[derive(Serialize)]
struct SecondFactorRequired {
    #[serde(flatten)]
    error: ApiError,
    challenge: String,
    /// `passkey`, `totp`, `recovery_code`: those that the account has.
    methods: Vec<&'static str>,
}

pub async fn login(
    State(state): State<AppState>,
    visitor: Visitor,
    FormOrJson(request): FormOrJson<CredentialsRequest>,
) -> Result<Response, HttpError> {
    let new = NewSession { kind: request.remember.into(), visitor, ..NewSession::default() };
    match flows::login(&state, &request.username, request.password.into(), new).await? {
        SignInStep::Done(signed_in) => Ok(Json(TokensAnswer::from(*signed_in)).into_response()),
        SignInStep::SecondFactor(asked) => {
            let error = ApiError::SecondFactorRequired;
            let methods = asked.methods.iter().map(|kind| kind.name()).collect();
            let body = SecondFactorRequired { error, challenge: asked.challenge.expose().to_owned(), methods };
            Ok(Answered(error, body).into_response())
        }
    }
}
