//! `POST /introspect`: tells another service whether a token is good (RFC 7662).

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};

use super::TokenRequest;
use crate::server::domain::accepted_token::AcceptedToken;
use crate::server::flows;
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::state::AppState;

/// The answer for a bad token says only that it is bad.
#[derive(Serialize)]
pub struct IntrospectAnswer {
    active: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    token: Option<TokenFacts>,
}

#[derive(Serialize)]
pub struct TokenFacts {
    token_type: &'static str,
    iss: String,
    aud: String,
    sub: String,
    username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    sid: String,
    jti: String,
    /// Unix seconds, like the two below.
    iat: i64,
    nbf: i64,
    exp: i64,
    roles: Vec<String>,
    #[serde(flatten)]
    additional: Map<String, Value>,
}

pub async fn introspect(
    State(state): State<AppState>,
    FormOrJson(request): FormOrJson<TokenRequest>,
) -> Result<Json<IntrospectAnswer>, HttpError> {
    let token = flows::inspect_token(&state, request.token()?).ok();
    let facts = token.as_deref().map(|token| facts(&state, token));
    Ok(Json(IntrospectAnswer { active: facts.is_some(), token: facts }))
}

fn facts(state: &AppState, token: &AcceptedToken) -> TokenFacts {
    TokenFacts {
        token_type: "Bearer",
        iss: state.config.jwt_issuer.clone(),
        aud: state.config.jwt_audience.clone(),
        sub: token.user_id.to_string(),
        username: token.username.clone(),
        client_id: token.client_id.clone(),
        sid: token.session_id.to_string(),
        jti: token.token_id.to_string(),
        iat: token.issued_at.0,
        nbf: token.not_before.0,
        exp: token.expires_at.0,
        roles: token.roles.clone(),
        additional: token.additional.clone(),
    }
}
