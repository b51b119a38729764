//! The protected greeting: the answer of `/protected` in the first tutorial.

use super::authenticate::CurrentUser;
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;

/// A greeting, and the lifetime of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    pub message: String,
    pub username: String,
    pub roles: Vec<String>,
    pub issued_at: UnixTime,
    /// Seconds from issue to expiry.
    pub lifetime: u64,
    /// Seconds from now to expiry.
    pub expires_in: u64,
}

/// Returns the text alone.
#[must_use]
pub fn greeting_text(user: &CurrentUser) -> String {
    ["Hello, ", &user.username, "! This is a protected route."].concat()
}

/// Greets the user.
#[must_use]
pub fn greeting(state: &AppState, user: &CurrentUser) -> Greeting {
    Greeting {
        message: greeting_text(user),
        lifetime: user.expires_at.seconds_since(user.issued_at),
        expires_in: user.expires_at.seconds_since(state.world.now()),
        username: user.username.clone(),
        roles: user.roles.clone(),
        issued_at: user.issued_at,
    }
}
