//! The purpose of the form, and the words that depend on it.

use crate::app::components::password_field::{CURRENT, Kind, NEW};

/// The door that the form calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SignIn,
    SignUp,
    /// The first account of a server, which becomes its administrator.
    FirstAccount,
}

/// The words and attributes of a form.
pub struct Words {
    /// Where a browser without the program posts it.
    pub action: &'static str,
    pub submit: &'static str,
    /// Read aloud by screen readers while the server answers.
    pub sending: &'static str,
    /// What the browser may fill into the field of the name.
    pub username: &'static str,
    pub password: &'static Kind,
    /// The door's name for a code behind the `#` of the address.
    pub code: &'static str,
}

impl Purpose {
    pub fn words(self) -> Words {
        // An old, short password must still work: this field has no rule.
        let (action, submit, sending, password, code) = match self {
            Self::SignIn => ("/api/login", "Sign in", "Signing in…", &CURRENT, ""),
            Self::SignUp => ("/api/signup", "Create account", "Creating your account…", &NEW, "invitation"),
            Self::FirstAccount => ("/api/setup", "Create administrator", "Creating your account…", &NEW, "code"),
        };
        // Browsers offer passkeys only in a field that says so, as the last word.
        let username = if self == Self::SignIn { "username webauthn" } else { "username" };
        Words { action, submit, sending, username, password, code }
    }
}
