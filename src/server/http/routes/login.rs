//! `POST /login`: takes a form or JSON, and returns the tokens of a new session.

use axum::extract::State;

use super::{CredentialsRequest, TokensAnswer};
use crate::server::flows::{self, NewSession, Visitor};
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

pub async fn login(
    State(state): State<AppState>,
    visitor: Visitor,
    FormOrJson(request): FormOrJson<CredentialsRequest>,
) -> Result<Json<TokensAnswer>, HttpError> {
    let new = NewSession { kind: request.remember.into(), visitor, ..NewSession::default() };
    let signed_in = flows::login(&state, &request.username, request.password.into(), new).await?;
    Ok(Json(signed_in.into()))
}
