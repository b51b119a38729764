//! An invitation: a code with which one person can create an account if sign-up is closed. It works once, and it
//! expires.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The lifetime of an invitation.
pub const LIFETIME: Duration = Duration::from_hours(72);

/// 128 random bits, as 22 characters of base64url. No `Debug`: anyone who reads it can create an account.
pub struct InvitationCode(String);

impl InvitationCode {
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The code as a visitor sent it.
    #[must_use]
    pub fn from_typed(typed: &str) -> Self {
        Self(typed.to_owned())
    }

    /// Returns the text. Only for the link.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the hash that the store keeps. The code cannot be computed from it. It needs no salt, because the code
    /// is random.
    #[must_use]
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.as_bytes()))
    }
}
