//! `POST /introspect`: tells another service whether a token is good (RFC 7662): one of our own, or one for another audience.

use std::borrow::Cow;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::TokenRequest;
use crate::api_types::ApiError;
use crate::server::domain::accepted_token::AcceptedToken;
use crate::server::domain::audience_token::AudienceToken;
use crate::server::domain::methods::Methods;
use crate::server::flows::{self, InspectError, Inspected};
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

#[derive(Serialize)]
pub struct GoodToken<'t> {
    active: bool,
    token_type: &'static str,
    iss: &'t str,
    aud: &'t str,
    sub: Cow<'t, str>,
    username: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'t str>,
    sid: String,
    jti: String,
    /// Unix seconds, like the two below.
    iat: i64,
    nbf: i64,
    exp: i64,
    amr: Methods,
    /// Unix seconds (RFC 9470, section 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    acr: &'static str,
    roles: &'t [String],
    #[serde(flatten)]
    additional: &'t Map<String, Value>,
}

/// The answer for a bad token says only that it is bad.
#[derive(Serialize)]
pub struct BadToken {
    active: bool,
}

pub async fn introspect(
    State(state): State<AppState>,
    FormOrJson(request): FormOrJson<TokenRequest>,
) -> Result<Response, HttpError> {
    Ok(match flows::introspect_token(&state, request.token()?).await {
        Ok(Inspected::Own(token)) => Json(own(&state, &token)).into_response(),
        Ok(Inspected::ForOther(token)) => Json(for_other(&state, &token)).into_response(),
        Err(InspectError::Bad(_)) => Json(BadToken { active: false }).into_response(),
        Err(InspectError::Unknown) => return Err(ApiError::Unavailable.into()),
    })
}

fn own<'t>(state: &'t AppState, token: &'t AcceptedToken) -> GoodToken<'t> {
    GoodToken {
        active: true,
        token_type: "Bearer",
        iss: &state.config.jwt_issuer,
        aud: &state.config.jwt_audience,
        sub: token.user_id.to_string().into(),
        username: &token.username,
        client_id: token.client_id.as_deref(),
        sid: token.session_id.to_string(),
        jti: token.token_id.to_string(),
        iat: token.issued_at.0,
        nbf: token.not_before.0,
        exp: token.expires_at.0,
        amr: token.methods,
        auth_time: token.authenticated_at.map(|at| at.0),
        acr: token.methods.assurance().name(),
        roles: &token.roles,
        additional: &token.additional,
    }
}

fn for_other<'t>(state: &'t AppState, token: &'t AudienceToken) -> GoodToken<'t> {
    GoodToken {
        active: true,
        token_type: "Bearer",
        iss: &state.config.jwt_issuer,
        aud: &token.audience,
        sub: Cow::Borrowed(&token.subject),
        username: &token.username,
        client_id: token.client_id.as_deref(),
        sid: token.session_id.to_string(),
        jti: token.token_id.to_string(),
        iat: token.times.issued_at.0,
        nbf: token.times.not_before.0,
        exp: token.times.expires_at.0,
        amr: token.methods,
        auth_time: token.authenticated_at.map(|at| at.0),
        acr: token.methods.assurance().name(),
        roles: &token.roles,
        additional: &token.additional,
    }
}
