//! Why a token is not accepted, with the status, code and message that Handstamp itself answers (its contract, section 4).

/// The token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// The request has no bearer token: 401.
    #[error("the request has no token")]
    Missing,
    /// The token has a wrong signature, issuer, audience, time or form: 401.
    #[error("the token is not good")]
    Invalid,
    /// The session of the token has ended, or the token itself was revoked: 401.
    #[error("the token was revoked")]
    Revoked,
    /// Nobody can say now whether the token was revoked: 503.
    #[error("the server was not heard for too long")]
    Unknown,
}

impl NotAccepted {
    /// Returns the status of the answer.
    #[must_use]
    pub const fn status(self) -> http::StatusCode {
        match self {
            Self::Missing | Self::Invalid | Self::Revoked => http::StatusCode::UNAUTHORIZED,
            Self::Unknown => http::StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns the JSON body of the answer.
    #[must_use]
    pub const fn body(self) -> &'static str {
        match self {
            Self::Missing => r#"{"code":"missing_token","msg":"Missing Authorization Header"}"#,
            Self::Invalid => r#"{"code":"invalid_token","msg":"Invalid token"}"#,
            Self::Revoked => r#"{"code":"token_revoked","msg":"Token has been revoked"}"#,
            Self::Unknown => r#"{"code":"unavailable","msg":"Temporarily unavailable"}"#,
        }
    }

    /// Returns the header of the answer that says what to do: a challenge (RFC 6750), or when to come back.
    #[must_use]
    pub const fn header(self) -> (http::HeaderName, http::HeaderValue) {
        match self {
            Self::Missing => (http::header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer")),
            Self::Invalid | Self::Revoked => {
                (http::header::WWW_AUTHENTICATE, http::HeaderValue::from_static(r#"Bearer error="invalid_token""#))
            }
            Self::Unknown => (http::header::RETRY_AFTER, http::HeaderValue::from_static("1")),
        }
    }

    /// Returns the whole answer.
    pub fn response<B: From<&'static str>>(self) -> http::Response<B> {
        let mut response = http::Response::new(B::from(self.body()));
        *response.status_mut() = self.status();
        let (name, value) = self.header();
        response.headers_mut().insert(name, value);
        response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        response
    }
}

/// The settings are not usable.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("not an address: {0}")]
    BadAddress(String),
    #[error("without https the client secret could be read on the way: {0}")]
    NoTls(String),
    #[error("stale_after must be more than 0")]
    NoTime,
}

/// The server did not answer, or not as it should.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("{0} answers {1}")]
    Status(http::Uri, http::StatusCode),
    #[error("no answer for {0:?}")]
    Silent(std::time::Duration),
    #[error("not the answer of a Handstamp server: {0}")]
    Form(String),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Http(#[from] http::Error),
    #[error("{0}: {cause}", cause = cause_of(.0))]
    Request(#[from] hyper_util::client::legacy::Error),
    #[error(transparent)]
    Body(#[from] hyper::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

fn cause_of(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(String::new, ToString::to_string)
}
