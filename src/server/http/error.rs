//! Errors become HTTP here, and nowhere else: status, headers and body of the contract's table.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONNECTION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tracing::error;

use crate::api_types::ApiError;
use crate::server::domain::access_token::TokenRefused;
use crate::server::domain::password::Unfit;
use crate::server::flows::{
    AuthenticateError, FirstAccountError, LoginError, LogoutError, NewAccountError, SignupError, WhoAmIError,
};
use crate::server::store::StoreError;

/// Seconds after which somebody who found the hashing queue full may try again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// What a route answers when it fails.
#[derive(Debug)]
pub struct HttpError(pub ApiError);

impl<E: Into<ApiError>> From<E> for HttpError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let (_, status, _) = self.0.row();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, challenge(self.0));
        }
        match self.0 {
            ApiError::Overloaded => {
                headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            // The rest of the body may still be on its way, and would be read as the next request.
            ApiError::TooLarge | ApiError::RequestTimeout | ApiError::HeadersTooLarge => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

/// RFC 6750, section 3: bare where no token came, with the error where a bad one did.
fn challenge(error: ApiError) -> HeaderValue {
    HeaderValue::from_static(match error {
        ApiError::MissingToken | ApiError::BadCredentials => "Bearer",
        _ => r#"Bearer error="invalid_token""#,
    })
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Missing => Self::MissingToken,
            AuthenticateError::BadHeader => Self::BadAuthorizationHeader,
            AuthenticateError::TooLarge => Self::HeadersTooLarge,
            AuthenticateError::Refused(TokenRefused::BadSignature) => Self::BadSignature,
            AuthenticateError::Refused(TokenRefused::Expired) => Self::TokenExpired,
            AuthenticateError::Refused(TokenRefused::Invalid) => Self::InvalidToken,
            AuthenticateError::Revoked => Self::TokenRevoked,
        }
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::MissingUsername => Self::MissingUsername,
            LoginError::MissingPassword => Self::MissingPassword,
            LoginError::Password(unfit) => unfit.into(),
            LoginError::WrongCredentials => Self::BadCredentials,
            LoginError::Overloaded(_) => Self::Overloaded,
            LoginError::Store(error) => error.into(),
            LoginError::Hashing(_) | LoginError::Signing(_) => internal(&error),
        }
    }
}

impl From<NewAccountError> for ApiError {
    fn from(error: NewAccountError) -> Self {
        match error {
            NewAccountError::MissingUsername => Self::MissingUsername,
            NewAccountError::MissingPassword => Self::MissingPassword,
            NewAccountError::Username(_) => Self::InvalidUsername,
            NewAccountError::Taken => Self::UsernameTaken,
            NewAccountError::Password(unfit) => unfit.into(),
            NewAccountError::Overloaded(_) => Self::Overloaded,
            NewAccountError::Store(error) => error.into(),
            NewAccountError::Hashing(_) => internal(&error),
        }
    }
}

impl From<SignupError> for ApiError {
    fn from(error: SignupError) -> Self {
        match error {
            SignupError::Closed => Self::SignupClosed,
            SignupError::Account(error) => error.into(),
            SignupError::Login(error) => error.into(),
        }
    }
}

impl From<FirstAccountError> for ApiError {
    fn from(error: FirstAccountError) -> Self {
        match error {
            FirstAccountError::Closed => Self::NotFound,
            FirstAccountError::WrongCode => Self::BadSetupCode,
            FirstAccountError::Account(error) => error.into(),
            FirstAccountError::Login(error) => error.into(),
        }
    }
}

impl From<LogoutError> for ApiError {
    fn from(error: LogoutError) -> Self {
        match error {
            LogoutError::Store(error) => error.into(),
            LogoutError::Died(_) => internal(&error),
        }
    }
}

impl From<WhoAmIError> for ApiError {
    fn from(error: WhoAmIError) -> Self {
        match error {
            WhoAmIError::Gone => Self::TokenRevoked,
            WhoAmIError::Store(error) => error.into(),
        }
    }
}

impl From<Unfit> for ApiError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::TooShort => Self::PasswordTooShort,
            Unfit::TooLong => Self::PasswordTooLong,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(_) => {
                error!(cause = %error, "The store did not do it");
                Self::Unavailable
            }
            StoreError::Migrate(_) | StoreError::Damaged(_) => internal(&error),
        }
    }
}

/// Logged with its cause, inside the span that holds the request id; the client reads "Internal error".
fn internal(cause: &dyn std::error::Error) -> ApiError {
    error!(%cause, "Internal error");
    ApiError::Internal
}
