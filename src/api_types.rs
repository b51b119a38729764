//! Every body that crosses the network between a page and the server, and every error (contract, section 4).
//!
//! Compiled on both sides. Knows no HTTP library, no storage and no sentences for users: an error is a code, and the
//! page that shows it has the sentence. The browser reads these types in `app/answer.rs`; change both together.

mod passkeys;

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

pub use passkeys::{PasskeyQuestion, PasskeySummary, PasskeysAnswer};

/// The answer to a sign-in, for pages and for the HTTP API. No `Debug`: it contains a token.
#[derive(Clone, Serialize)]
pub struct SignedInAnswer {
    pub access_token: String,
    pub token_type: TokenType,
    /// Seconds the access token is valid from now (RFC 6749, section 5.1).
    pub expires_in: u64,
}

/// The one token type we issue (RFC 6750).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TokenType {
    Bearer,
}

/// The content of the dashboard. The browser gets durations and not times where it counts, because its clock may be
/// wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GreetingAnswer {
    pub message: String,
    pub username: String,
    pub roles: Vec<String>,
    /// Unix seconds at which this token was issued.
    pub issued_at: i64,
    /// Seconds from issue to expiry.
    pub lifetime: u64,
    /// Seconds from now to expiry.
    pub expires_in: u64,
}

/// A session as the user sees it, for pages and for the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionSummary {
    pub id: String,
    /// "Firefox on Windows"
    pub device: String,
    /// Shortened.
    pub ip: String,
    /// Unix seconds, all three.
    pub started_at: i64,
    pub last_used_at: i64,
    pub expires_at: i64,
    /// Whether it is the session of this request.
    pub current: bool,
}

/// The user's own account, for pages and for the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountAnswer {
    pub id: String,
    pub username: String,
    pub roles: Vec<String>,
    /// Unix seconds.
    pub created_at: i64,
}

/// A security event of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventSummary {
    pub id: String,
    /// Unix seconds.
    pub at: i64,
    /// One of the codes of `server/domain/security_event.rs`; the page has the sentences.
    pub kind: String,
    /// The name of the account.
    pub username: String,
    /// Who did it, if not the user of the account: an administrator's name, or `operator` for the command line.
    pub by: String,
    /// Device and shortened address of the person who did it, if it came over the network: "Firefox on Windows".
    pub device: String,
    pub ip: String,
}

/// Events, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EventsAnswer {
    pub events: Vec<EventSummary>,
    /// The position of older events; `None` if there are none.
    pub older: Option<String>,
}

/// The judgement of a password that a user is choosing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StrengthAnswer {
    /// From 0 (guessed at once) to 4.
    pub score: u8,
    /// The code of the error that it would get; `None` if it is accepted.
    pub refused: Option<&'static str>,
    /// What makes it easy to guess, as a sentence; empty if it is not.
    pub advice: String,
}

/// A user as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserSummary {
    pub id: String,
    pub username: String,
    pub roles: Vec<String>,
    /// Unix seconds, all three.
    pub created_at: i64,
    pub disabled_at: Option<i64>,
    /// When a live session was last used; `None` without sessions.
    pub last_used_at: Option<i64>,
    /// The number of live sessions.
    pub sessions: i64,
    /// Whether it is the user who asks.
    pub own: bool,
}

/// Users by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UsersAnswer {
    pub users: Vec<UserSummary>,
    /// The position of the next users; `None` if there are no more.
    pub next: Option<String>,
}

/// A link with which one person can create an account. No `Debug`: anyone who reads it can.
#[derive(Clone, Serialize)]
pub struct InvitationAnswer {
    pub link: String,
    /// Unix seconds.
    pub expires_at: i64,
}

/// A key of the ring, without its secret part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeySummary {
    pub id: String,
    pub algorithm: String,
    /// `next`, `active`, `retired` or `barred`.
    pub state: String,
    /// Unix seconds, both.
    pub created_at: i64,
    pub verifies_until: Option<i64>,
}

/// "Keep me signed in": `true` in JSON; `true`, or the value of a checkbox, in a form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Remember(pub bool);

impl<'de> Deserialize<'de> for Remember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Said {
            Json(bool),
            Form(String),
        }
        match Said::deserialize(deserializer)? {
            Said::Json(remember) => Ok(Self(remember)),
            Said::Form(word) => match word.as_str() {
                "true" | "on" => Ok(Self(true)),
                "false" | "" => Ok(Self(false)),
                _ => Err(D::Error::custom("true or false")),
            },
        }
    }
}

/// A password on its way to the server. Never printed, although server functions derive `Debug` for their arguments.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordInput(pub String);

impl fmt::Debug for PasswordInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Every error that a client can see. Each has one row in [`ApiError::row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiError {
    MissingUsername,
    MissingPassword,
    InvalidRequest,
    InvalidUsername,
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
    InvalidClient,
    InsufficientScope,
    InvalidTarget,
    InvalidGrant,
    InvalidScope,
    UnsupportedGrantType,
    CrossSiteRequest,
    OriginNotListed,
    SignupClosed,
    SetupNotDone,
    BadSetupCode,
    BadInvitation,
    CursorExpired,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    UsernameTaken,
    OwnAccount,
    LastAdministrator,
    NextKeyTooNew,
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
    pub const ALL: [Self; 50] = [
        Self::MissingUsername,
        Self::MissingPassword,
        Self::InvalidRequest,
        Self::InvalidUsername,
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
        Self::InvalidClient,
        Self::InsufficientScope,
        Self::InvalidTarget,
        Self::InvalidGrant,
        Self::InvalidScope,
        Self::UnsupportedGrantType,
        Self::CrossSiteRequest,
        Self::OriginNotListed,
        Self::SignupClosed,
        Self::SetupNotDone,
        Self::BadSetupCode,
        Self::BadInvitation,
        Self::CursorExpired,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::UsernameTaken,
        Self::OwnAccount,
        Self::LastAdministrator,
        Self::NextKeyTooNew,
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
            Self::InvalidClient => ("invalid_client", 401, "Client authentication failed"),
            Self::InsufficientScope => ("insufficient_scope", 403, "Insufficient scope"),
            Self::InvalidTarget => ("invalid_target", 400, "Unknown audience"),
            Self::InvalidGrant => ("invalid_grant", 400, "Grant refused"),
            Self::InvalidScope => ("invalid_scope", 400, "Scope not granted"),
            Self::UnsupportedGrantType => ("unsupported_grant_type", 400, "Grant type not supported"),
            Self::CrossSiteRequest => ("cross_site_request", 403, "Cross-site request refused"),
            Self::OriginNotListed => ("origin_not_listed", 403, "Origin is not listed"),
            Self::SignupClosed => ("signup_closed", 403, "Sign-up is closed"),
            Self::SetupNotDone => ("setup_not_done", 403, "Setup is not done yet"),
            Self::BadSetupCode => ("bad_setup_code", 403, "Setup code is wrong"),
            Self::BadInvitation => ("bad_invitation", 403, "Invitation is not valid"),
            Self::CursorExpired => ("cursor_expired", 410, "Cursor expired; fetch a snapshot"),
            Self::NotFound => ("not_found", 404, "Not found"),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "Method not allowed"),
            Self::RequestTimeout => ("request_timeout", 408, "Request took too long"),
            Self::UsernameTaken => ("username_taken", 409, "Username is taken"),
            Self::OwnAccount => ("own_account", 409, "Not possible with one's own account"),
            Self::LastAdministrator => ("last_administrator", 409, "The last administrator stays"),
            Self::NextKeyTooNew => ("next_key_too_new", 409, "Next key was published too short a time ago"),
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
