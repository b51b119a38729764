//! Every error that a client can see (contract, section 4).

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

/// Every error that a client can see. Each has one row in [`ApiError::row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiError {
    MissingUsername,
    MissingPassword,
    InvalidRequest,
    InvalidUsername,
    InvalidEmail,
    PasswordTooShort,
    PasswordTooLong,
    PasswordTooCommon,
    BadCredentials,
    SecondFactorRequired,
    BadSecondFactor,
    ChallengeExpired,
    BadPasskey,
    UnknownPasskey,
    PasskeyNotAdded,
    PasskeysUnavailable,
    MissingToken,
    BadAuthorizationHeader,
    BadSignature,
    InvalidToken,
    TokenExpired,
    TokenRevoked,
    RefreshTokenReused,
    FreshTokenRequired,
    /// RFC 9470: the user must sign in with more, or again.
    InsufficientUserAuthentication {
        /// The demands; in the header, not in the body.
        acr_values: Option<&'static str>,
        /// Seconds.
        max_age: Option<u64>,
    },
    InvalidClient,
    InsufficientScope,
    InvalidTarget,
    InvalidGrant,
    InvalidScope,
    UnsupportedGrantType,
    SecondFactorEnrolmentRequired,
    CrossSiteRequest,
    OriginNotListed,
    SignupClosed,
    SetupNotDone,
    BadSetupCode,
    BadInvitation,
    BadLink,
    MailOff,
    CursorExpired,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    UsernameTaken,
    EmailTaken,
    OwnAccount,
    LastAdministrator,
    NextKeyTooNew,
    TotpExists,
    TooLarge,
    UnsupportedMediaType,
    TooManyAttempts {
        /// Seconds from now; in the header `Retry-After`, not in the body. 0 if unknown.
        retry_after: u64,
    },
    HeadersTooLarge,
    Internal,
    Overloaded,
    Unavailable,
    /// Never sent by the server: the browser got no answer, or one that is not ours.
    Unreachable,
}

impl ApiError {
    /// Every error that the server can send, in the order of the contract's table.
    pub const ALL: [Self; 57] = [
        Self::MissingUsername,
        Self::MissingPassword,
        Self::InvalidRequest,
        Self::InvalidUsername,
        Self::InvalidEmail,
        Self::PasswordTooShort,
        Self::PasswordTooLong,
        Self::PasswordTooCommon,
        Self::BadCredentials,
        Self::SecondFactorRequired,
        Self::BadSecondFactor,
        Self::ChallengeExpired,
        Self::BadPasskey,
        Self::UnknownPasskey,
        Self::PasskeyNotAdded,
        Self::PasskeysUnavailable,
        Self::MissingToken,
        Self::BadAuthorizationHeader,
        // Before `BadSignature`: both have the same code, and the browser reads this one.
        Self::InvalidToken,
        Self::BadSignature,
        Self::TokenExpired,
        Self::TokenRevoked,
        Self::RefreshTokenReused,
        Self::FreshTokenRequired,
        Self::InsufficientUserAuthentication { acr_values: None, max_age: None },
        Self::InvalidClient,
        Self::InsufficientScope,
        Self::InvalidTarget,
        Self::InvalidGrant,
        Self::InvalidScope,
        Self::UnsupportedGrantType,
        Self::SecondFactorEnrolmentRequired,
        Self::CrossSiteRequest,
        Self::OriginNotListed,
        Self::SignupClosed,
        Self::SetupNotDone,
        Self::BadSetupCode,
        Self::BadInvitation,
        Self::BadLink,
        Self::MailOff,
        Self::CursorExpired,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::UsernameTaken,
        Self::EmailTaken,
        Self::OwnAccount,
        Self::LastAdministrator,
        Self::NextKeyTooNew,
        Self::TotpExists,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::TooManyAttempts { retry_after: 0 },
        Self::HeadersTooLarge,
        Self::Internal,
        Self::Overloaded,
        Self::Unavailable,
    ];

    /// The table of the contract, section 4: stable code, HTTP status, English sentence.
    #[must_use]
    pub const fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::MissingUsername => ("missing_username", 400, "Missing username parameter"),
            Self::MissingPassword => ("missing_password", 400, "Missing password parameter"),
            Self::InvalidRequest => ("invalid_request", 400, "Malformed request"),
            Self::InvalidUsername => ("invalid_username", 400, "Username not allowed"),
            Self::InvalidEmail => ("invalid_email", 400, "Email address not allowed"),
            Self::PasswordTooShort => ("password_too_short", 400, "Password too short"),
            Self::PasswordTooLong => ("password_too_long", 400, "Password too long"),
            Self::PasswordTooCommon => ("password_too_common", 400, "Password too easy to guess"),
            Self::BadCredentials => ("bad_credentials", 401, "Bad username or password"),
            Self::SecondFactorRequired => ("second_factor_required", 401, "Second factor required"),
            Self::BadSecondFactor => ("bad_second_factor", 401, "Second factor is wrong"),
            Self::ChallengeExpired => ("challenge_expired", 401, "Challenge is not valid; sign in again"),
            Self::BadPasskey => ("bad_passkey", 401, "Passkey is not accepted"),
            Self::UnknownPasskey => ("unknown_passkey", 401, "Passkey is not known here"),
            Self::PasskeyNotAdded => ("passkey_not_added", 400, "Passkey could not be added"),
            Self::PasskeysUnavailable => {
                ("passkeys_unavailable", 409, "Passkeys need a name as the host of PUBLIC_URL")
            }
            Self::MissingToken => ("missing_token", 401, "Missing Authorization Header"),
            Self::BadAuthorizationHeader => {
                ("bad_authorization_header", 401, "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'")
            }
            Self::BadSignature => ("invalid_token", 401, "Signature verification failed"),
            Self::InvalidToken => ("invalid_token", 401, "Invalid token"),
            Self::TokenExpired => ("token_expired", 401, "Token has expired"),
            Self::TokenRevoked => ("token_revoked", 401, "Token has been revoked"),
            Self::RefreshTokenReused => {
                ("refresh_token_reused", 401, "Refresh token was used before; the session has ended")
            }
            Self::FreshTokenRequired => ("fresh_token_required", 401, "Fresh token required"),
            Self::InsufficientUserAuthentication { .. } => {
                ("insufficient_user_authentication", 401, "A stronger or a more recent sign-in is required")
            }
            Self::InvalidClient => ("invalid_client", 401, "Client authentication failed"),
            Self::InsufficientScope => ("insufficient_scope", 403, "Insufficient scope"),
            Self::InvalidTarget => ("invalid_target", 400, "Unknown audience"),
            Self::InvalidGrant => ("invalid_grant", 400, "Grant refused"),
            Self::InvalidScope => ("invalid_scope", 400, "Scope not granted"),
            Self::UnsupportedGrantType => ("unsupported_grant_type", 400, "Grant type not supported"),
            Self::SecondFactorEnrolmentRequired => {
                ("second_factor_enrolment_required", 403, "Second factor must be set up first")
            }
            Self::CrossSiteRequest => ("cross_site_request", 403, "Cross-site request refused"),
            Self::OriginNotListed => ("origin_not_listed", 403, "Origin is not listed"),
            Self::SignupClosed => ("signup_closed", 403, "Sign-up is closed"),
            Self::SetupNotDone => ("setup_not_done", 403, "Setup is not done yet"),
            Self::BadSetupCode => ("bad_setup_code", 403, "Setup code is wrong"),
            Self::BadInvitation => ("bad_invitation", 403, "Invitation is not valid"),
            Self::BadLink => ("bad_link", 403, "Link is not valid"),
            Self::MailOff => ("mail_off", 403, "This server sends no mail"),
            Self::CursorExpired => ("cursor_expired", 410, "Cursor expired; fetch a snapshot"),
            Self::NotFound => ("not_found", 404, "Not found"),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "Method not allowed"),
            Self::RequestTimeout => ("request_timeout", 408, "Request took too long"),
            Self::UsernameTaken => ("username_taken", 409, "Username is taken"),
            Self::EmailTaken => ("email_taken", 409, "Email address belongs to another account"),
            Self::OwnAccount => ("own_account", 409, "Not possible with one's own account"),
            Self::LastAdministrator => ("last_administrator", 409, "The last administrator stays"),
            Self::NextKeyTooNew => ("next_key_too_new", 409, "Next key was published too short a time ago"),
            Self::TotpExists => ("totp_exists", 409, "Authenticator app is set up already"),
            Self::TooLarge => ("too_large", 413, "Request too large"),
            Self::UnsupportedMediaType => ("unsupported_media_type", 415, "Unsupported media type"),
            Self::TooManyAttempts { .. } => ("too_many_attempts", 429, "Too many attempts"),
            Self::HeadersTooLarge => ("headers_too_large", 431, "Request header fields too large"),
            Self::Internal => ("internal", 500, "Internal error"),
            Self::Overloaded => ("overloaded", 503, "Overloaded"),
            Self::Unavailable => ("unavailable", 503, "Temporarily unavailable"),
            Self::Unreachable => ("unreachable", 503, "No answer"),
        }
    }

    /// Returns the error with this code. An unknown code means `Internal`.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|error| error.code() == code).unwrap_or(Self::Internal)
    }

    /// Returns the stable code, the same on the wire and in logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.row().0
    }
}

impl Serialize for ApiError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (code, _, msg) = self.row();
        let mut body = serializer.serialize_struct("ApiError", 2)?;
        body.serialize_field("code", code)?;
        body.serialize_field("msg", msg)?;
        body.end()
    }
}

impl<'de> Deserialize<'de> for ApiError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Body {
            code: String,
        }
        let Body { code } = Body::deserialize(deserializer)?;
        Ok(Self::from_code(&code))
    }
}
