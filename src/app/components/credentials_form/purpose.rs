//! What the form is for, and the words that differ.

use crate::app::components::password_field::{CURRENT, Kind, NEW};

/// Which of the three doors the form knocks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SignIn,
    SignUp,
    /// The first account of a server, which becomes its administrator.
    FirstAccount,
}

/// The words and attributes of a form.
pub struct Words {
    /// Where a browser without the program would post.
    pub action: &'static str,
    pub submit: &'static str,
    /// For screen readers, while the answer is awaited.
    pub sending: &'static str,
    pub password: &'static Kind,
    /// What the door calls a code that stood behind the `#` of the address.
    pub code: &'static str,
}

impl Purpose {
    pub fn words(self) -> Words {
        // An old, short password must still get in: it keeps no rule.
        let (action, submit, sending, password, code) = match self {
            Self::SignIn => ("/api/login", "Sign in", "Signing in…", &CURRENT, ""),
            Self::SignUp => ("/api/signup", "Create account", "Creating your account…", &NEW, "invitation"),
            Self::FirstAccount => ("/api/setup", "Create administrator", "Creating your account…", &NEW, "code"),
        };
        Words { action, submit, sending, password, code }
    }
}
