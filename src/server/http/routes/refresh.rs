//! `POST /refresh`: takes a refresh token, and returns the next one and a new access token.

use axum::extract::{FromRequest as _, Request, State};
use serde::Deserialize;

use super::TokensAnswer;
use crate::api_types::ApiError;
use crate::server::flows::{self, AuthenticateError, Receiver, bearer_token};
use crate::server::http::current_user::authorization_headers;
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// No `Debug`: it would show a refresh token.
#[derive(Deserialize)]
struct RefreshRequest {
    #[serde(default)]
    refresh_token: String,
}

pub async fn refresh(State(state): State<AppState>, request: Request) -> Result<Json<TokensAnswer>, HttpError> {
    let presented = presented(request).await?;
    Ok(Json(flows::refresh(&state, &presented, Receiver::Machine).await?.into()))
}

/// Returns the token of the header; without the header, the one of the body.
async fn presented(request: Request) -> Result<String, HttpError> {
    match bearer_token(authorization_headers(request.headers())) {
        Ok(token) => Ok(token.to_owned()),
        Err(AuthenticateError::Missing) => {
            let FormOrJson(body) =
                FormOrJson::<RefreshRequest>::from_request(request, &()).await.or_else(none_at_all)?;
            if body.refresh_token.is_empty() { Err(HttpError(ApiError::MissingToken)) } else { Ok(body.refresh_token) }
        }
        Err(refused) => Err(refused.into()),
    }
}

/// Without header and body the error is the missing token.
fn none_at_all(error: HttpError) -> Result<FormOrJson<RefreshRequest>, HttpError> {
    match error {
        HttpError(ApiError::UnsupportedMediaType) => Err(HttpError(ApiError::MissingToken)),
        other => Err(other),
    }
}
