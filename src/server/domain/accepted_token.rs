//! What an access token says that was accepted: the signature and the claims were right (`access_token.rs`).
//!
//! Apart from the rules that accept it, as the key ring remembers such tokens and the rules ask the key ring.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::ids::{SessionId, TokenId, UserId};
use super::methods::Methods;
use super::unix_time::UnixTime;
use super::user::User;

/// What a verified token says, in types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedToken {
    pub user_id: UserId,
    pub username: String,
    /// None of a token that was issued without.
    pub client_id: Option<String>,
    pub roles: Vec<String>,
    pub session_id: SessionId,
    pub token_id: TokenId,
    pub issued_at: UnixTime,
    pub not_before: UnixTime,
    pub expires_at: UnixTime,
    /// Until when the password counts as just typed; `None`: it was not typed for this token.
    pub fresh_until: Option<UnixTime>,
    /// How the user was recognised. None in a token of an earlier version.
    pub methods: Methods,
    /// When. `None` in a token of an earlier version.
    pub authenticated_at: Option<UnixTime>,
    /// What the operator or a flow added.
    pub additional: Map<String, Value>,
    /// Set when the token was used for the first time.
    pub(super) used: OnceLock<()>,
    /// The account from the store, once it was read.
    pub(super) account: OnceLock<Box<User>>,
}

/// The times of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    pub issued_at: UnixTime,
    pub not_before: UnixTime,
    pub expires_at: UnixTime,
}

impl AcceptedToken {
    /// Returns its times.
    #[must_use]
    pub const fn times(&self) -> Times {
        Times { issued_at: self.issued_at, not_before: self.not_before, expires_at: self.expires_at }
    }

    /// Whether this is the first time that the token is used, as far as this process remembers.
    #[must_use]
    pub fn is_first_use(&self) -> bool {
        self.used.get().is_none() && self.used.set(()).is_ok()
    }

    /// Returns the account, if it was read for this token. It has not changed since: what changes or removes an account
    /// ends its sessions, and then the token is rejected.
    #[must_use]
    pub fn account(&self) -> Option<&User> {
        self.account.get().map(Box::as_ref)
    }

    /// Remembers the account of this token.
    pub fn remember_account(&self, user: User) -> &User {
        self.account.get_or_init(|| Box::new(user))
    }
}
