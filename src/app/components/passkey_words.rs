//! The words about passkeys.

use crate::api_types::ApiError;
use crate::app::client::{Made, NotSignedIn};
use crate::app::components::sentences::{STORAGE_REFUSED, sentence};

/// The browser failed, or a file did not load.
pub const USE_ANOTHER_WAY: &str = "This browser could not use a passkey. Choose another way to sign in.";

/// Returns why a passkey signed nobody in. Empty if there is nothing to say.
pub fn passkey_problem(why: NotSignedIn) -> &'static str {
    match why {
        NotSignedIn::Cancelled => "",
        NotSignedIn::NoPasskey => USE_ANOTHER_WAY,
        NotSignedIn::StorageRefused => STORAGE_REFUSED,
        NotSignedIn::Refused(error) => {
            let words = passkey_trouble(error);
            if words.is_empty() { sentence(error) } else { words }
        }
    }
}

/// Returns what became of the wish for a new passkey, unless it was added.
pub const fn made_problem(made: Made) -> &'static str {
    match made {
        Made::Added => "",
        Made::Cancelled => "No passkey was added: it was cancelled, or it took too long.",
        Made::Exists => "This device has a passkey for this account already.",
        Made::Failed => "This browser could not make a passkey.",
    }
}

/// Returns why a passkey was refused. Empty for errors that are not about passkeys.
pub const fn passkey_trouble(error: ApiError) -> &'static str {
    match error {
        ApiError::BadPasskey => "This passkey is not accepted. Choose another way to sign in.",
        ApiError::UnknownPasskey => "This passkey is not known here any more. Choose another way to sign in.",
        ApiError::ChallengeExpired => "That took too long. Try again.",
        ApiError::PasskeyNotAdded => "The passkey was not added: the server could not verify it.",
        ApiError::InvalidRequest => "That is not a name. Use at most 64 characters.",
        _ => "",
    }
}
