//! What the form is for, and the words that differ.

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
    pub password_autocomplete: &'static str,
}

impl Purpose {
    /// Whether a new password is asked for, which has a rule to keep. An old, short one must still get in.
    pub fn is_new(self) -> bool {
        self != Self::SignIn
    }

    pub fn words(self) -> Words {
        let (action, submit, sending) = match self {
            Self::SignIn => ("/api/login", "Sign in", "Signing in…"),
            Self::SignUp => ("/api/signup", "Create account", "Creating your account…"),
            Self::FirstAccount => ("/api/setup", "Create administrator", "Creating your account…"),
        };
        let password_autocomplete = if self.is_new() { "new-password" } else { "current-password" };
        Words { action, submit, sending, password_autocomplete }
    }
}
