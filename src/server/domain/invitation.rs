//! An invitation: a code by which one person can make an account where sign-up is closed. Single-use, and it expires.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// How long an invitation is good for.
pub const LIFETIME: Duration = Duration::from_hours(72);

/// 128 random bits, as 22 characters of base64url. No `Debug`: whoever reads it can make an account.
pub struct InvitationCode(String);

impl InvitationCode {
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What somebody brings as one.
    #[must_use]
    pub fn from_typed(typed: &str) -> Self {
        Self(typed.to_owned())
    }

    /// For the link, and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the store keeps: the code cannot be read back from it, and needs no salt, being random.
    #[must_use]
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.as_bytes()))
    }
}
