//! `GET /.well-known/webauthn`, `GET /.well-known/passkey-endpoints`: what browsers and password managers ask about passkeys.

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;

use crate::api_types::ApiError;
use crate::server::http::error::HttpError;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// WebAuthn, section 5.11: the origins of other domains that may use our passkeys.
#[derive(Serialize)]
struct RelatedOrigins<'s> {
    origins: Vec<&'s str>,
}

/// W3C, "A Well-Known URL for Relying Party Passkey Endpoints".
#[derive(Serialize)]
struct Endpoints {
    /// The page where a user adds a passkey.
    enroll: String,
    manage: String,
}

pub async fn webauthn(State(state): State<AppState>) -> Result<Json<Value>, HttpError> {
    let party = state.config.relying_party.as_ref().filter(|party| !party.related().is_empty());
    let origins = party.ok_or(ApiError::NotFound)?.related().iter().collect();
    Ok(Json(serde_json::to_value(RelatedOrigins { origins }).unwrap_or_default()))
}

pub async fn passkey_endpoints(State(state): State<AppState>) -> Result<Json<Value>, HttpError> {
    state.config.relying_party.as_ref().ok_or(ApiError::NotFound)?;
    let account = format!("{}/account", state.config.public_url);
    let endpoints = Endpoints { enroll: account.clone(), manage: account };
    Ok(Json(serde_json::to_value(endpoints).unwrap_or_default()))
}
