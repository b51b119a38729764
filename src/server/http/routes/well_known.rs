//! `GET /.well-known/jwks.json`, `GET /.well-known/oauth-authorization-server`: what others need to verify our tokens.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Serialize;

use crate::server::http::json::Json;
use crate::server::state::AppState;

/// The `max-age` is `kept_keys::JWKS_MAX_AGE`: the next key signs only when every copy holds it.
const CACHING: &str = "public, max-age=300";

/// RFC 8414, section 2. There is one OAuth grant, `refresh_token` (RFC 6749, section 6). Users sign in at `/login`, and a
/// client with a refresh token has no other secret to send.
#[derive(Serialize)]
pub struct Metadata<'s> {
    issuer: &'s str,
    jwks_uri: String,
    token_endpoint: String,
    token_endpoint_auth_methods_supported: [&'static str; 1],
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: [&'static str; 1],
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 1],
    service_documentation: String,
    /// Not in the RFC: how access tokens are signed, and where the blocklist is.
    access_token_signing_alg_values_supported: [&'static str; 1],
    revocations_endpoint: String,
}

pub async fn jwks(State(state): State<AppState>) -> impl IntoResponse {
    let keys = state.keys.load().jwks(state.world.now());
    ([(CACHE_CONTROL, CACHING), (CONTENT_TYPE, "application/jwk-set+json")], Json(keys))
}

pub async fn authorization_server(State(state): State<AppState>) -> impl IntoResponse {
    let at = |path: &str| format!("{}{path}", state.config.public_url);
    let metadata = Metadata {
        issuer: &state.config.jwt_issuer,
        jwks_uri: at("/.well-known/jwks.json"),
        token_endpoint: at("/refresh"),
        token_endpoint_auth_methods_supported: ["none"],
        introspection_endpoint: at("/introspect"),
        introspection_endpoint_auth_methods_supported: ["client_secret_basic"],
        revocation_endpoint: at("/revoke"),
        revocation_endpoint_auth_methods_supported: ["client_secret_basic", "none"],
        response_types_supported: [],
        grant_types_supported: ["refresh_token"],
        service_documentation: at("/openapi.json"),
        access_token_signing_alg_values_supported: [state.config.jwt_algorithm.name()],
        revocations_endpoint: at("/revocations"),
    };
    ([(CACHE_CONTROL, CACHING)], Json(serde_json::to_value(metadata).unwrap_or_default()))
}
