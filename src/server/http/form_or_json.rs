//! The body of a machine door: a form or JSON, as the client's `Content-Type` says.

use axum::Form;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::error::HttpError;
use crate::api_types::ApiError;

/// A body of either kind. A duplicate field or a wrong type is `invalid_request`.
pub struct FormOrJson<T>(pub T);

/// The kind of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyType {
    Form,
    Json,
}

impl BodyType {
    /// Reads `Content-Type`; its parameters do not matter, as both kinds are UTF-8.
    pub fn of(request: &Request) -> Option<Self> {
        let content_type = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next()?.trim();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Some(Self::Form)
        } else if media_type.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for FormOrJson<T> {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpError> {
        let body = match BodyType::of(&request) {
            Some(BodyType::Form) => Form::from_request(request, state).await.map(|Form(body)| body).ok(),
            Some(BodyType::Json) => parse_object(&Bytes::from_request(request, state).await.unwrap_or_default()),
            None => return Err(HttpError(ApiError::UnsupportedMediaType)),
        };
        body.map(Self).ok_or(HttpError(ApiError::InvalidRequest))
    }
}

/// serde would read a struct from a JSON array too.
fn parse_object<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    body.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(body).ok())?
}
