//! A call that needs a session, and what is done where the session does not suffice: renewed, or the password asked for in
//! place; then the call is repeated, once. It never goes round.
//!
//! A server that does not answer signs nobody out.

use std::cell::Cell;

use leptos::prelude::*;

use crate::api_types::{ApiError, GreetingAnswer};
use crate::app::joint::Outcome;
use crate::app::server_fns;
use crate::app::signed_in::{self, SignedIn, Why, sign_out, signed_in, this_session};
use crate::app::{renewal, sign_in_again, token_storage};

thread_local! {
    /// Whether this page has shown something of somebody: there is something to lose.
    static IN_USE: Cell<bool> = const { Cell::new(false) };
}

/// Calls a protected door. Islands call none in any other way.
///
/// # Errors
/// Those of the door, where nothing helped.
pub async fn call<T, F>(ask: impl Fn() -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    let mut help = Help::at_hand();
    help.before().await?;
    loop {
        match ask().await {
            Ok(answer) => {
                IN_USE.set(true);
                return Ok(answer);
            }
            Err(error) => help.after(error).await?,
        }
    }
}

/// Asks for the greeting, and with it who this is and for how long.
///
/// # Errors
/// Those of [`server_fns::greeting`].
pub async fn greet() -> Result<GreetingAnswer, ApiError> {
    let before = untrack(signed_in);
    let answer = call(server_fns::greeting).await?;
    // Signed out, or somebody else, while the answer was on its way: it tells of another session.
    if untrack(signed_in) == before {
        renewal::learn(&answer);
        signed_in::is_named(&answer);
    }
    Ok(answer)
}

/// Renews ahead of time, or finds out that there is nothing to renew. A page that nobody looks at waits until somebody does.
pub async fn keep_alive() {
    if !matches!(untrack(signed_in), SignedIn::Somebody(_)) {
        return;
    }
    if document().hidden() {
        return renewal::postpone();
    }
    // What failed is said by whatever needs the token next.
    let _ = Help::at_hand().renew(ApiError::TokenExpired).await;
}

/// Whether a renewal that failed like this will always fail.
pub fn is_over(error: ApiError) -> bool {
    error.row().1 == 401
}

/// Why nobody is signed in, after an error of a call and the server's answer to a renewal.
pub fn reason(of_call: ApiError, of_renewal: ApiError) -> Why {
    // Where the cookie has nothing to say, the call has.
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

/// What can be done about the errors of one call, each thing once.
struct Help {
    /// Who made the call, in which session.
    before: (SignedIn, u32),
    renewed: bool,
    asked: bool,
}

impl Help {
    fn at_hand() -> Self {
        Self { before: this_session(), renewed: false, asked: false }
    }

    /// Spares a call that would surely fail.
    async fn before(&mut self) -> Outcome {
        if token_storage::token().is_none() {
            self.renew(ApiError::MissingToken).await
        } else if renewal::is_over() {
            self.renew(ApiError::TokenExpired).await
        } else {
            Ok(())
        }
    }

    /// Whether to repeat the call; an error where nothing helps.
    async fn after(&mut self, error: ApiError) -> Outcome {
        match error {
            ApiError::TokenExpired
            | ApiError::TokenRevoked
            | ApiError::InvalidToken
            | ApiError::BadAuthorizationHeader
            | ApiError::MissingToken
                if !self.renewed =>
            {
                self.renew(error).await
            }
            ApiError::FreshTokenRequired if !self.asked => self.ask(None).await.ok_or(error),
            _ => Err(error),
        }
    }

    async fn renew(&mut self, error: ApiError) -> Outcome {
        self.renewed = true;
        match renewal::renew().await {
            Err(of_renewal) if is_over(of_renewal) => self.end(reason(error, of_renewal)).await.ok_or(error),
            Err(of_renewal) => {
                renewal::postpone();
                Err(of_renewal)
            }
            Ok(()) => Ok(()),
        }
    }

    /// The session is over. Where this page is in use, its visitor may sign in again without leaving it.
    async fn end(&mut self, why: Why) -> Option<()> {
        // Another tab has seen to it meanwhile. The call of one is not repeated for another.
        let now = this_session();
        if now != self.before {
            return (now.0 == self.before.0).then_some(());
        }
        if IN_USE.get() && self.ask(Some(why)).await.is_some() {
            return Some(());
        }
        if this_session() == self.before {
            sign_out(why);
        }
        None
    }

    async fn ask(&mut self, why: Option<Why>) -> Option<()> {
        self.asked = true;
        sign_in_again::ask(why).await.ok()
    }
}
