//! What the form is for, and the words that differ.

use serde::{Deserialize, Serialize};

/// Which of the three doors the form knocks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    pub password_autocomplete: &'static str,
}

impl Purpose {
    pub fn words(self) -> Words {
        let (action, submit, sending) = match self {
            Self::SignIn => ("/api/login", "Sign in", "Signing in…"),
            Self::SignUp => ("/api/signup", "Create account", "Creating your account…"),
            Self::FirstAccount => ("/api/setup", "Create administrator", "Creating your account…"),
        };
        let password_autocomplete = if self == Self::SignIn { "current-password" } else { "new-password" };
        Words { action, submit, sending, password_autocomplete }
    }

    /// Advice for a new password; none for one that exists.
    pub fn password_hint(self, min_length: usize) -> String {
        if self == Self::SignIn {
            return String::new();
        }
        let length = min_length.to_string();
        ["At least ", &length, " characters. A few words are easier to remember than symbols."].concat()
    }
}
