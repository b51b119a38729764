//! The words for errors that more than one place needs.

use crate::api_types::ApiError;

pub const STORAGE_REFUSED: &str = "This browser does not let the page keep your stamp. Allow storage for this site, or leave private mode, then try again.";

pub const ENTER_USERNAME: &str = "Enter your username.";

pub const ENTER_PASSWORD: &str = "Enter your password.";

pub const USERNAME_RULE: &str = "Use letters and digits of one script, without spaces.";

pub const USERNAME_TAKEN: &str = "That name is taken. Choose another.";

pub const PASSWORD_TOO_LONG: &str = "Use at most 1024 bytes.";

pub const PASSWORD_TOO_COMMON: &str = "This password is easy to guess. Choose another.";

pub const ENDED_FOR_SAFETY: &str = "Your session was ended for safety.";

pub const MAY_HAVE_A_COPY: &str = "An old key to it was used a second time: someone may have a copy of it. If that was not you, change your password.";

pub const WRONG_CODE: &str = "This code is wrong, or it was used before. Type the next one.";

pub const SOMETHING_WENT_WRONG: &str = "Something went wrong on our side. Try again in a moment.";

pub fn use_at_least(min_length: usize) -> String {
    ["Use at least ", &min_length.to_string(), " characters."].concat()
}

/// Returns one or two sentences: what happened, what to do.
pub fn sentence(error: ApiError) -> &'static str {
    match error {
        ApiError::BadCredentials => "Bad username or password.",
        ApiError::BadSecondFactor => WRONG_CODE,
        ApiError::ChallengeExpired => "This sign-in took too long, or was ended. Start again.",
        ApiError::Unreachable => "No answer from the server. Check your connection and try again.",
        ApiError::Overloaded => "Too many people are signing in right now. Try again in a few seconds.",
        ApiError::TooManyAttempts { .. } => {
            "Too many attempts. Wait a little, then try again: each further attempt makes the wait longer."
        }
        ApiError::SignupClosed => "Sign-up is closed on this server.",
        ApiError::SetupNotDone => {
            "This server is not set up yet. Its operator opens the link that the server printed at its start. After that you can create an account."
        }
        ApiError::LastAdministrator => "This is the last administrator. Make another user an administrator first.",
        ApiError::BadInvitation => {
            "This invitation does not work any more, or the link is incomplete. Ask for a new one."
        }
        ApiError::BadLink => "This link does not work any more. Ask for another one.",
        ApiError::EmailTaken => "Another account has this email address.",
        ApiError::MailOff => "This server sends no mail.",
        ApiError::BadSetupCode => "This code is not the one the server printed. Copy the whole link.",
        ApiError::NotFound => "There is an administrator already. Sign in instead.",
        _ => SOMETHING_WENT_WRONG,
    }
}

/// Returns why an action on a page failed. Empty if there is nothing to say.
pub fn trouble(error: ApiError) -> &'static str {
    match error {
        // The user cancelled the dialog: nothing happened, as they wanted.
        ApiError::FreshTokenRequired => "",
        ApiError::InsufficientScope => "You are not an administrator any more.",
        ApiError::OwnAccount => "That is your own account. Another administrator can do this.",
        ApiError::SecondFactorEnrolmentRequired => "Set up a second factor first, on the page of your account.",
        ApiError::NextKeyTooNew => NEXT_KEY_TOO_NEW,
        ApiError::TotpExists => "An authenticator app is set up already. Reload the page to see it.",
        ApiError::NotFound => "That account is gone.",
        error => sentence(error),
    }
}

const NEXT_KEY_TOO_NEW: &str = "The next key was published less than five minutes ago, and others may not know it yet. Try again in a few minutes.";
