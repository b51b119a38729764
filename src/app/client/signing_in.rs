//! What forms and passkeys report of a sign-in.

use crate::api_types::SignedInAnswer;
use crate::app::browser::{Keep, StorageRefused};
use crate::app::client::driver;
use crate::app::client::state::page::Page;
use crate::app::client::values::{Event, SignedIn};

/// Reports a failed sign-in: the server refused, or did not answer.
pub fn sign_in_refused() {
    driver::send(Event::SignInRefused);
}

/// Keeps the token of a new session and tells every island and every other tab.
///
/// # Errors
/// [`StorageRefused`] if the browser keeps nothing; then no user is signed in here.
pub fn sign_in(answer: SignedInAnswer, keep: Keep) -> Result<(), StorageRefused> {
    answered(answer, keep, None)
}

/// As [`sign_in`], from the dialog that asked for the password.
///
/// # Errors
/// [`StorageRefused`], as [`sign_in`].
pub fn sign_in_again(answer: SignedInAnswer, keep: Keep, dialog: u32) -> Result<(), StorageRefused> {
    answered(answer, keep, Some(dialog))
}

/// As [`sign_in`], on a page or in the dialog of this number.
///
/// # Errors
/// [`StorageRefused`], as [`sign_in`].
pub fn answered(answer: SignedInAnswer, keep: Keep, dialog: Option<u32>) -> Result<(), StorageRefused> {
    let SignedInAnswer { access_token: token, expires_in, .. } = answer;
    driver::send(Event::SignInAnswered { token, expires_in, keep, dialog });
    match driver::known(Page::signed_in) {
        SignedIn::Yes(_) => Ok(()),
        SignedIn::Unknown | SignedIn::No(_) => Err(StorageRefused),
    }
}
