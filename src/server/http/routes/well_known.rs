//! `GET /.well-known/jwks.json`, `GET /.well-known/oauth-authorization-server`: what others need to verify our tokens.
//! What they need to know about passkeys is in `well_known_passkeys.rs`.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::token;
use crate::server::http::etag::is_known;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// The `max-age` is `kept_keys::JWKS_MAX_AGE`: the next key signs only when every copy holds it.
const CACHING: &str = "public, max-age=300";

/// RFC 8414, section 2. Users sign in at `/login`. With the tokens from there, a client has two OAuth grants: it refreshes
/// (RFC 6749, section 6), or exchanges an access token for one that another service accepts (RFC 8693). It need not
/// identify itself.
#[derive(Serialize)]
pub struct Metadata<'s> {
    issuer: &'s str,
    jwks_uri: String,
    token_endpoint: String,
    token_endpoint_auth_methods_supported: [&'static str; 2],
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: [&'static str; 1],
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 2],
    service_documentation: String,
    /// Not in the RFC: how access tokens are signed, and where the blocklist is.
    access_token_signing_alg_values_supported: [&'static str; 1],
    revocations_endpoint: String,
}

/// Some readers fetch it for every token that they verify, so it costs as little as `/healthz`.
pub async fn jwks(State(state): State<AppState>, request: Request) -> Response {
    let ring = state.keys.load();
    let keys = ring.key_set(state.world.now());
    let known = request.headers().contains_key(IF_NONE_MATCH)
        && keys.tag.parse().is_ok_and(|tag| is_known(request.headers(), &tag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(Bytes::from_owner(Arc::clone(&keys.json))));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
        response
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(CACHING));
    // A hash in quotes is always a header.
    headers.extend(HeaderValue::from_str(&keys.tag).ok().map(|tag| (ETAG, tag)));
    response
}

pub async fn authorization_server(State(state): State<AppState>) -> impl IntoResponse {
    let at = |path: &str| format!("{}{path}", state.config.public_url);
    let metadata = Metadata {
        issuer: &state.config.jwt_issuer,
        jwks_uri: at("/.well-known/jwks.json"),
        token_endpoint: at("/token"),
        token_endpoint_auth_methods_supported: ["none", "client_secret_basic"],
        introspection_endpoint: at("/introspect"),
        introspection_endpoint_auth_methods_supported: ["client_secret_basic"],
        revocation_endpoint: at("/revoke"),
        revocation_endpoint_auth_methods_supported: ["client_secret_basic", "none"],
        response_types_supported: [],
        grant_types_supported: [token::REFRESH, token::EXCHANGE],
        service_documentation: at("/openapi.json"),
        access_token_signing_alg_values_supported: [state.config.jwt_algorithm.name()],
        revocations_endpoint: at("/revocations"),
    };
    ([(CACHE_CONTROL, CACHING)], Json(serde_json::to_value(metadata).unwrap_or_default()))
}
