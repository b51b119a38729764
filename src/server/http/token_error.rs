//! The errors of `/token`: in our form, with the member `error` of the RFCs beside it.

use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::{Answered, internal};
use crate::api_types::ApiError;
use crate::server::flows::{AuthenticateError, ExchangeError, RefreshError, StampError};

/// The error of `/token`: the body also has the member `error` of RFC 6749, section 5.2, where the RFCs have a value for it.
#[derive(Debug)]
pub struct TokenError {
    error: ApiError,
    value: Option<&'static str>,
}

#[derive(Serialize)]
struct TokenErrorBody {
    code: &'static str,
    msg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let (code, _, msg) = self.error.row();
        Answered(self.error, TokenErrorBody { code, msg, error: self.value }).into_response()
    }
}

impl<E: Into<ApiError>> From<E> for TokenError {
    fn from(error: E) -> Self {
        let error = error.into();
        let of_rfc = matches!(
            error,
            ApiError::InvalidRequest
                | ApiError::InvalidClient
                | ApiError::InvalidGrant
                | ApiError::InvalidScope
                | ApiError::InvalidTarget
                | ApiError::InsufficientScope
                | ApiError::UnsupportedGrantType
        );
        Self { error, value: of_rfc.then(|| error.code()) }
    }
}

impl TokenError {
    /// A refresh token that is refused (RFC 6749, section 5.2).
    #[must_use]
    pub fn of_refresh(error: RefreshError) -> Self {
        match error {
            RefreshError::NotOurs | RefreshError::Expired | RefreshError::Ended | RefreshError::Reused => {
                ApiError::InvalidGrant.into()
            }
            RefreshError::Store(_) | RefreshError::Signing(_) => ApiError::from(error).into(),
        }
    }

    /// A token that was not exchanged. A subject token that is refused, for any reason, is `invalid_request` in RFC 8693
    /// (section 2.2.2); our own code tells it from a malformed request.
    #[must_use]
    pub fn of_exchange(error: ExchangeError) -> Self {
        let refused = Self { error: ApiError::InvalidGrant, value: Some(ApiError::InvalidRequest.code()) };
        match error {
            ExchangeError::Subject(AuthenticateError::Unknown) => ApiError::Unavailable.into(),
            ExchangeError::Subject(_) | ExchangeError::Stamp(StampError::Expired) => refused,
            ExchangeError::NotEnrolled(error) => ApiError::from(error).into(),
            ExchangeError::Stamp(error) => ApiError::from(error).into(),
        }
    }
}

impl From<StampError> for ApiError {
    fn from(error: StampError) -> Self {
        match error {
            StampError::UnknownAudience => Self::InvalidTarget,
            StampError::RoleMissing => Self::InsufficientScope,
            StampError::Scope => Self::InvalidScope,
            StampError::Expired => Self::TokenExpired,
            StampError::Store(error) => error.into(),
            StampError::TooLarge | StampError::Signing(_) => internal(&error),
        }
    }
}
