//! The words for errors that can meet any call. What only one form knows is said there.

use crate::api_types::ApiError;

pub const STORAGE_REFUSED: &str = "This browser does not let the page keep your stamp. Allow storage for this site, or leave private mode, then try again.";

pub const SOMETHING_WENT_WRONG: &str = "Something went wrong on our side. Try again in a moment.";

/// One sentence or two: what happened, what to do.
pub fn sentence(error: ApiError) -> &'static str {
    match error {
        ApiError::BadCredentials => "Bad username or password.",
        ApiError::Unreachable => "No answer from the server. Check your connection and try again.",
        ApiError::Overloaded => "Too many people are signing in right now. Try again in a few seconds.",
        ApiError::SignupClosed => "Sign-up is closed on this server.",
        ApiError::BadSetupCode => "This code is not the one the server printed. Copy the whole link.",
        ApiError::NotFound => "There is an account already. Sign in instead.",
        _ => SOMETHING_WENT_WRONG,
    }
}
