//! `POST /revoke`: ends one token (RFC 7009). Anyone who has the token can do that. A client that sends a secret must send
//! the right one.

use axum::extract::State;
use axum::http::HeaderMap;

use super::TokenRequest;
use crate::server::flows;
use crate::server::http::client_auth::{client_of, names_a_client};
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::state::AppState;

pub async fn revoke(
    State(state): State<AppState>,
    headers: HeaderMap,
    FormOrJson(request): FormOrJson<TokenRequest>,
) -> Result<(), HttpError> {
    if names_a_client(&headers) {
        client_of(&state, &headers).await?;
    }
    // 200 for every token, known or not: the answer reveals nothing.
    Ok(flows::revoke_token(&state, request.token()?).await?)
}
