//! Open calls of protected doors: what each waits for, and what has been tried for it. Pure.
//!
//! Each remedy is tried once for a call: a renewal, then the password. So no call repeats for ever.

use crate::api_types::ApiError;
use crate::app::client::values::Why;

/// The number of the renewal that a timer starts: no call waits for its outcome.
pub const NOBODY: u32 = 0;

/// A session that this page has known. Both numbers only increase.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Session {
    /// Increases with every new user and every sign-out.
    pub user: u32,
    /// Increases with every session. One user can begin several.
    pub number: u32,
}

/// One call.
pub struct Call {
    pub id: u32,
    /// The session in which it began, or in which its password was typed.
    pub session: Session,
    pub waits_for: Remedy,
    pub renewed: bool,
    pub asked: bool,
    /// Why it needs the remedy.
    pub error: ApiError,
}

/// What helps a call that was refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It was not refused: the server is handling it.
    None,
    Renewal,
    /// The greeting that tells whose the session is: another tab has begun it, perhaps for another user.
    Greeting,
    /// The password, because the session is over, or to confirm an action.
    Password(Option<Why>),
}

impl Call {
    pub fn new(id: u32, session: Session) -> Self {
        Self { id, session, waits_for: Remedy::None, renewed: false, asked: false, error: ApiError::MissingToken }
    }

    /// Returns what can help after this error, if it was not tried yet.
    pub fn remedy(&self, error: ApiError) -> Remedy {
        match error {
            ApiError::TokenExpired
            | ApiError::TokenRevoked
            | ApiError::InvalidToken
            | ApiError::BadAuthorizationHeader
            | ApiError::MissingToken
            // The token can be older than the second factor of its session.
            | ApiError::SecondFactorEnrolmentRequired
                if !self.renewed =>
            {
                Remedy::Renewal
            }
            ApiError::FreshTokenRequired if !self.asked => Remedy::Password(None),
            _ => Remedy::None,
        }
    }
}

/// Returns whether this error is final. A renewal that fails with it always fails; a sign-out that fails with it has
/// still signed out.
pub fn is_over(error: ApiError) -> bool {
    error.row().1 == 401
}

/// Returns why no user is signed in, from the error of a call and the server's answer to a renewal.
pub fn reason(of_call: ApiError, of_renewal: ApiError) -> Why {
    // If the cookie gives no reason, the call does.
    let said = match of_renewal {
        ApiError::RefreshTokenReused | ApiError::TokenRevoked | ApiError::TokenExpired => of_renewal,
        _ => of_call,
    };
    match said {
        ApiError::RefreshTokenReused => Why::Reused,
        ApiError::TokenRevoked => Why::Revoked,
        ApiError::TokenExpired => Why::Expired,
        ApiError::MissingToken => Why::NoToken,
        _ => Why::NotValid,
    }
}
