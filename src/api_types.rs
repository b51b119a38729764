//! Every body that crosses the network between a page and the server, and every error (contract, section 4).
//!
//! Compiled on both sides. Knows no HTTP library, no storage and no sentences for users: an error is a code, and the
//! page that shows it has the sentence. The browser reads these types in `app/answer.rs`; change both together.

mod api_error;
mod inputs;
mod passkeys;
mod second_factors;

use serde::Serialize;

pub use api_error::ApiError;
pub use inputs::{PasswordInput, Remember};
pub use passkeys::{PasskeyQuestion, PasskeySummary, PasskeysAnswer};
pub use second_factors::{AskedFactors, BegunTotpAnswer, FactorsAnswer};

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
    /// Whether the user must set up a second factor before anything else.
    pub must_enrol: bool,
    /// Whether the browser may make a passkey quietly: the user has none, and has just typed the password.
    pub may_add_passkey: bool,
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

/// The user's own email address, for pages and for the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmailAnswer {
    /// Confirmed; `None` if the account has none.
    pub email: Option<String>,
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
