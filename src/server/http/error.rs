//! Turns errors into HTTP, here and nowhere else: status, headers and body of the contract's table.

mod factors_and_mail;

use axum::http::header::{CACHE_CONTROL, CONNECTION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use serde::Serialize;
use tracing::error;

use super::json::Json;
use crate::api_types::ApiError;
use crate::server::domain::kept_keys::CannotRotate;
use crate::server::domain::methods::Assurance;
use crate::server::domain::password::Unfit;
use crate::server::domain::refused::{Check, TokenRefused};
use crate::server::domain::step_up::StepUp;
use crate::server::domain::username::NotAUsername;
use crate::server::flows::{
    AuthenticateError, AuthorizeError, ChangePasswordError, ChangesError, EndSessionError, FirstAccountError,
    KeysError, LoginError, LogoutError, ManageUserError, NewAccountError, NotAdmitted, RefreshError, SignupError,
    Throttled, WhoAmIError,
};
use crate::server::hash_pool::Overloaded;
use crate::server::store::StoreError;

/// Seconds after which a client can try again if the hashing queue is full.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// The error of a route.
#[derive(Debug)]
pub struct HttpError(pub ApiError);

impl<E: Into<ApiError>> From<E> for HttpError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        Answered(self.0, self.0).into_response()
    }
}

/// An error and the body that says it.
pub(super) struct Answered<B>(pub ApiError, pub B);

impl<B: Serialize> IntoResponse for Answered<B> {
    fn into_response(self) -> Response {
        let Self(error, body) = self;
        let (_, status, _) = error.row();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        // For the metrics and the log.
        response.extensions_mut().insert(error);
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = challenge(error, status) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        match error {
            ApiError::Overloaded => {
                headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            ApiError::TooManyAttempts { retry_after } => {
                headers.insert(RETRY_AFTER, retry_after.into());
            }
            // The rest of the body may still arrive, and would be read as the next request.
            ApiError::TooLarge | ApiError::RequestTimeout | ApiError::HeadersTooLarge => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

/// RFC 6750, section 3: without a token no error is named; for a bad token it is.
fn challenge(error: ApiError, status: StatusCode) -> Option<HeaderValue> {
    let challenge = match error {
        ApiError::MissingToken
        | ApiError::BadCredentials
        | ApiError::SecondFactorRequired
        | ApiError::BadSecondFactor
        | ApiError::ChallengeExpired
        | ApiError::BadPasskey
        | ApiError::UnknownPasskey => "Bearer",
        ApiError::InsufficientUserAuthentication { acr_values, max_age } => return step_up(acr_values, max_age),
        ApiError::InvalidClient => r#"Basic realm="handstamp""#,
        ApiError::InsufficientScope => r#"Bearer error="insufficient_scope""#,
        _ if status == StatusCode::UNAUTHORIZED => r#"Bearer error="invalid_token""#,
        _ => return None,
    };
    Some(HeaderValue::from_static(challenge))
}

/// RFC 9470, section 3.
fn step_up(acr_values: Option<&'static str>, max_age: Option<u64>) -> Option<HeaderValue> {
    let acr_values = acr_values.map(|values| format!(r#", acr_values="{values}""#)).unwrap_or_default();
    let max_age = max_age.map(|seconds| format!(r#", max_age="{seconds}""#)).unwrap_or_default();
    let challenge = format!(r#"Bearer error="insufficient_user_authentication"{acr_values}{max_age}"#);
    HeaderValue::from_str(&challenge).ok()
}

impl From<AuthorizeError> for ApiError {
    fn from(error: AuthorizeError) -> Self {
        match error {
            AuthorizeError::NotFresh => Self::FreshTokenRequired,
            AuthorizeError::RoleMissing => Self::InsufficientScope,
            AuthorizeError::NotEnrolled => Self::SecondFactorEnrolmentRequired,
            AuthorizeError::Insufficient(StepUp { assurance, max_age }) => Self::InsufficientUserAuthentication {
                acr_values: assurance.map(Assurance::name),
                max_age: max_age.map(|age| age.as_secs()),
            },
        }
    }
}

/// An error of the signing library; never one about a key of the ring.
impl From<jsonwebtoken::errors::Error> for ApiError {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        internal(&error)
    }
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Missing => Self::MissingToken,
            AuthenticateError::BadHeader => Self::BadAuthorizationHeader,
            AuthenticateError::TooLarge => Self::HeadersTooLarge,
            AuthenticateError::Refused(TokenRefused(Check::Signature)) => Self::BadSignature,
            AuthenticateError::Refused(TokenRefused(Check::Expiry)) => Self::TokenExpired,
            // A more exact message would only help an attacker.
            AuthenticateError::Refused(_) => Self::InvalidToken,
            AuthenticateError::Revoked => Self::TokenRevoked,
            AuthenticateError::Unknown => Self::Unavailable,
        }
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::MissingUsername => Self::MissingUsername,
            LoginError::MissingPassword => Self::MissingPassword,
            LoginError::Password(unfit) => unfit.into(),
            LoginError::WrongCredentials | LoginError::UserChanged => Self::BadCredentials,
            LoginError::NotAdmitted(error) => error.into(),
            LoginError::Overloaded(_) => Self::Overloaded,
            LoginError::Store(error) => error.into(),
            LoginError::Replace(error) => error.into(),
            LoginError::Hashing(_) | LoginError::Signing(_) => internal(&error),
        }
    }
}

impl From<NewAccountError> for ApiError {
    fn from(error: NewAccountError) -> Self {
        match error {
            NewAccountError::MissingPassword => Self::MissingPassword,
            NewAccountError::Username(NotAUsername::Missing) => Self::MissingUsername,
            NewAccountError::Username(NotAUsername::NotAllowed) => Self::InvalidUsername,
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
            SignupError::SetupNotDone => Self::SetupNotDone,
            SignupError::BadInvitation => Self::BadInvitation,
            SignupError::Throttled(throttled) => throttled.into(),
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
            FirstAccountError::Throttled(throttled) => throttled.into(),
            FirstAccountError::Account(error) => error.into(),
            FirstAccountError::Login(error) => error.into(),
        }
    }
}

impl From<NotAdmitted> for ApiError {
    fn from(error: NotAdmitted) -> Self {
        match error {
            NotAdmitted::Throttled(throttled) => throttled.into(),
            NotAdmitted::Store(error) => error.into(),
        }
    }
}

/// The time to wait is in a header. Leptos passes on only the body of a server function's error, so there the header is
/// set separately.
impl From<Throttled> for ApiError {
    fn from(Throttled(wait): Throttled) -> Self {
        let retry_after = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        if let Some(response) = use_context::<ResponseOptions>() {
            response.insert_header(RETRY_AFTER, retry_after.into());
        }
        Self::TooManyAttempts { retry_after }
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

impl From<RefreshError> for ApiError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::NotOurs => Self::InvalidToken,
            RefreshError::Expired => Self::TokenExpired,
            RefreshError::Ended => Self::TokenRevoked,
            RefreshError::Reused => Self::RefreshTokenReused,
            RefreshError::Store(error) => error.into(),
            RefreshError::Signing(_) => internal(&error),
        }
    }
}

impl From<EndSessionError> for ApiError {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::NoSuchSession => Self::NotFound,
            EndSessionError::Store(error) => error.into(),
            EndSessionError::Logout(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for ApiError {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Current(error) => error.into(),
            ChangePasswordError::New(error) => error.into(),
            ChangePasswordError::Store(error) => error.into(),
        }
    }
}

impl From<ChangesError> for ApiError {
    fn from(error: ChangesError) -> Self {
        match error {
            ChangesError::CursorExpired => Self::CursorExpired,
            ChangesError::Unheard => Self::Unavailable,
            ChangesError::Store(error) => error.into(),
        }
    }
}

impl From<ManageUserError> for ApiError {
    fn from(error: ManageUserError) -> Self {
        match error {
            ManageUserError::NoSuchUser => Self::NotFound,
            ManageUserError::Own => Self::OwnAccount,
            ManageUserError::Password(error) => error.into(),
            ManageUserError::Store(error) => error.into(),
        }
    }
}

impl From<KeysError> for ApiError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Rotate(CannotRotate::NextTooYoung(_)) => Self::NextKeyTooNew,
            KeysError::Rotate(CannotRotate::NoSuchKey | CannotRotate::RetiredAlready) => Self::NotFound,
            KeysError::Store(error) => error.into(),
            KeysError::Ring(_) => internal(&error),
        }
    }
}

impl From<Overloaded> for ApiError {
    fn from(Overloaded: Overloaded) -> Self {
        Self::Overloaded
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
            Unfit::TooCommon => Self::PasswordTooCommon,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(_) | StoreError::Unreachable | StoreError::Standby | StoreError::Closed => {
                error!(cause = %error, "The store failed");
                Self::Unavailable
            }
            StoreError::LastAdministrator => Self::LastAdministrator,
            StoreError::Address(_) | StoreError::Migrate(_) | StoreError::Outdated | StoreError::Damaged(_) => {
                internal(&error)
            }
        }
    }
}

/// Logs the error with its cause; the line has the request id. The client reads "Internal error".
pub(super) fn internal(cause: &dyn std::error::Error) -> ApiError {
    error!(%cause, "Internal error");
    ApiError::Internal
}
