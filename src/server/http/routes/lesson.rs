//! `GET /sign-token`, `POST /verify-token`: the second tutorial's lesson, with a key that opens nothing real.

use axum::extract::State;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api_types::ApiError;
use crate::server::flows::{self, LessonRefused};
use crate::server::http::current_user::authorization_headers;
use crate::server::http::error::HttpError;
use crate::server::http::json::Json;
use crate::server::state::AppState;

#[derive(Serialize)]
pub struct SignTokenAnswer {
    token: String,
}

#[derive(Serialize)]
pub struct VerifyTokenAnswer {
    user: Map<String, Value>,
}

#[derive(Serialize)]
pub struct VerifyTokenError {
    err: String,
}

pub async fn sign_token(State(state): State<AppState>) -> Result<Json<SignTokenAnswer>, HttpError> {
    Ok(Json(SignTokenAnswer { token: flows::sign_lesson_token(&state)? }))
}

pub async fn verify_token(State(state): State<AppState>, headers: HeaderMap) -> Response {
    match flows::verify_lesson_token(&state, authorization_headers(&headers)) {
        Ok(user) => Json(VerifyTokenAnswer { user }).into_response(),
        Err(refused) => {
            let err = match refused {
                // The same words as the real doors.
                LessonRefused::Header(error) => ApiError::from(error).row().2.to_owned(),
                LessonRefused::Token(error) => error.to_string(),
            };
            let challenge = [(WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, challenge, Json(VerifyTokenError { err })).into_response()
        }
    }
}
