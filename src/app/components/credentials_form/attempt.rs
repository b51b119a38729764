//! One attempt to sign in: read from the fields, checked, sent, and shown if it fails.

use crate::api_types::{ApiError, PasswordInput, Remember, SignedInAnswer};
use crate::app::client::{self, Keep, StorageRefused};
use crate::app::components::credentials_form::purpose::Purpose;
use crate::app::components::dom::{set_value, value};
use crate::app::components::form_problems::Problems;
use crate::app::components::password_rule::{password_min_length, too_short};
use crate::app::components::sentences::{
    ENTER_PASSWORD, ENTER_USERNAME, PASSWORD_TOO_COMMON, PASSWORD_TOO_LONG, STORAGE_REFUSED, USERNAME_RULE,
    USERNAME_TAKEN, sentence,
};
use crate::app::server_fns;

/// The contents of the form when it was sent. No `Debug`: it holds a password.
pub struct Attempt {
    pub keep: Keep,
    purpose: Purpose,
    username: String,
    password: String,
    /// The code of the setup or of an invitation; empty elsewhere.
    code: String,
}

/// Why an attempt failed.
#[derive(Clone, Copy)]
pub enum Failure {
    Refused(ApiError),
    StorageRefused,
}

/// The id of the field that holds the code.
pub const CODE: &str = "code";

impl Attempt {
    pub fn read(purpose: Purpose, keep: Keep) -> Self {
        let username = value("username").trim().to_owned();
        Self { keep, purpose, username, password: value("password"), code: value(CODE) }
    }

    /// Shows the problems that the browser can find before it asks the server. Returns true if there is none.
    ///
    /// In that case the last answer stays until the next one, so that nothing moves under the pointer.
    pub fn is_complete(&self, problems: Problems) -> bool {
        let form = if self.purpose == Purpose::FirstAccount && self.code.is_empty() { OPEN_THE_LINK } else { "" };
        let username = if self.username.is_empty() { ENTER_USERNAME } else { "" };
        let password = if self.password.is_empty() {
            ENTER_PASSWORD
        } else if self.purpose != Purpose::SignIn && self.password.chars().count() < password_min_length() {
            too_short()
        } else {
            ""
        };
        let complete = form.is_empty() && username.is_empty() && password.is_empty();
        if !complete {
            problems.say(form, username, password);
        }
        complete
    }

    /// Asks the server. A session that this browser still has ends there: the new one replaces it.
    pub async fn send(self) -> Result<SignedInAnswer, Failure> {
        let Self { keep, purpose, username, password, code } = self;
        if !client::can_keep(keep) {
            return Err(Failure::StorageRefused);
        }
        let _turn = client::before_sign_in().await;
        let password = PasswordInput(password);
        let remember = Remember(keep == Keep::OnThisDevice);
        let answer = match purpose {
            Purpose::SignIn => server_fns::login(username, password, remember).await,
            Purpose::SignUp => server_fns::signup(username, password, remember, code).await,
            Purpose::FirstAccount => server_fns::setup(code, username, password, remember).await,
        };
        if answer.is_err() {
            client::sign_in_refused();
        }
        Ok(answer?)
    }
}

impl Failure {
    /// Shows the problem in its place: at a field, or for the whole form. A wrong password must be typed again; after any
    /// other failure it stays.
    pub fn tell(self, problems: Problems) {
        if matches!(self, Self::Refused(ApiError::BadCredentials)) {
            set_value("password", "");
        }
        match self {
            Self::Refused(ApiError::MissingUsername) => problems.say("", ENTER_USERNAME, ""),
            Self::Refused(ApiError::InvalidUsername) => problems.say("", USERNAME_RULE, ""),
            Self::Refused(ApiError::UsernameTaken) => problems.say("", USERNAME_TAKEN, ""),
            Self::Refused(ApiError::MissingPassword) => problems.say("", "", ENTER_PASSWORD),
            Self::Refused(ApiError::PasswordTooShort) => problems.say("", "", too_short()),
            Self::Refused(ApiError::PasswordTooLong) => problems.say("", "", PASSWORD_TOO_LONG),
            Self::Refused(ApiError::PasswordTooCommon) => problems.say("", "", PASSWORD_TOO_COMMON),
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
