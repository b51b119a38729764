//! One attempt to get in: checked, sent, kept, and told where it failed.
//!
//! Knows no elements: the form reads them and shows what is found here.

use crate::api_types::{ApiError, PasswordInput};
use crate::app::components::credentials_form::Purpose;
use crate::app::components::form_problems::Problems;
use crate::app::components::password_rule::password_min_length;
use crate::app::components::sentences::{STORAGE_REFUSED, sentence};
use crate::app::token_storage::{self, Keep, StorageRefused};
use crate::app::{server_fns, signed_in};

/// What the form held when it was sent. No `Debug`: it holds a password.
pub struct Attempt {
    pub purpose: Purpose,
    pub username: String,
    pub password: String,
    pub keep: Keep,
    /// The setup code; empty elsewhere.
    pub code: String,
}

/// Why an attempt got nowhere.
#[derive(Clone, Copy)]
pub enum Failure {
    Refused(ApiError),
    StorageRefused,
}

impl Attempt {
    /// Tells what the browser can know before it asks the server; true where there is nothing to tell.
    ///
    /// Then the last answer stays in sight until the next, so that nothing moves under the pointer.
    pub fn is_complete(&self, problems: Problems) -> bool {
        let form = if self.purpose == Purpose::FirstAccount && self.code.is_empty() { OPEN_THE_LINK } else { "" };
        let username = if self.username.is_empty() { ENTER_USERNAME } else { "" };
        let password = if self.password.is_empty() {
            ENTER_PASSWORD
        } else if self.password.chars().count() < password_min_length() {
            use_at_least(password_min_length())
        } else {
            ""
        };
        let complete = form.is_empty() && username.is_empty() && password.is_empty();
        if !complete {
            problems.say(form, username, password);
        }
        complete
    }

    /// Asks the server and keeps the token. A session that this browser still holds is ended: the new one replaces it.
    pub async fn send(self) -> Result<(), Failure> {
        let Self { purpose, username, password, keep, code, .. } = self;
        if !token_storage::works(keep) {
            return Err(Failure::StorageRefused);
        }
        let password = PasswordInput(password);
        let answer = match purpose {
            Purpose::SignIn => server_fns::login(username, password).await,
            Purpose::SignUp => server_fns::signup(username, password).await,
            Purpose::FirstAccount => server_fns::setup(code, username, password).await,
        }?;
        if token_storage::token().is_some() {
            // Whatever the answer: the token is replaced here in any case.
            let _ = server_fns::logout().await;
        }
        Ok(signed_in::sign_in(&answer.access_token, keep)?)
    }
}

impl Failure {
    /// A password that did not fit is typed anew; after any other failure it stays.
    pub fn forgets_password(self) -> bool {
        matches!(self, Self::Refused(ApiError::BadCredentials))
    }

    /// Says it where it belongs: at a field, or for the whole form.
    pub fn tell(self, problems: Problems) {
        match self {
            Self::Refused(ApiError::MissingUsername) => problems.say("", ENTER_USERNAME, ""),
            Self::Refused(ApiError::InvalidUsername) => problems.say("", USERNAME_RULE, ""),
            Self::Refused(ApiError::UsernameTaken) => problems.say("", USERNAME_TAKEN, ""),
            Self::Refused(ApiError::MissingPassword) => problems.say("", "", ENTER_PASSWORD),
            Self::Refused(ApiError::PasswordTooShort) => problems.say("", "", use_at_least(password_min_length())),
            Self::Refused(ApiError::PasswordTooLong) => problems.say("", "", PASSWORD_TOO_LONG),
            Self::Refused(error) => problems.say(sentence(error), "", ""),
            Self::StorageRefused => problems.say(STORAGE_REFUSED, "", ""),
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl From<StorageRefused> for Failure {
    fn from(_: StorageRefused) -> Self {
        Self::StorageRefused
    }
}

const OPEN_THE_LINK: &str = "Open the link that the server printed when it started. It ends in a code.";
const ENTER_USERNAME: &str = "Enter your username.";
const ENTER_PASSWORD: &str = "Enter your password.";
const USERNAME_RULE: &str = "Use letters and digits of one script, without spaces.";
const USERNAME_TAKEN: &str = "That name is taken. Choose another.";
const PASSWORD_TOO_LONG: &str = "Use at most 1024 bytes.";

/// Leaks some forty bytes for each attempt with a short password, so that all sentences are of one kind.
fn use_at_least(min_length: usize) -> &'static str {
    let length = min_length.to_string();
    ["Use at least ", &length, " characters."].concat().leak()
}
