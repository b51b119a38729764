//! Links in mails: each shows that its reader gets the mail of an address. A link works once, and for a limited time.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To use an address for an account.
    ConfirmEmail,
    /// To choose a new password.
    ResetPassword,
}

impl Purpose {
    /// The text in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmEmail => "confirm_email",
            Self::ResetPassword => "reset_password",
        }
    }

    /// The time for which a link works.
    #[must_use]
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::ConfirmEmail => Duration::from_hours(24),
            Self::ResetPassword => Duration::from_mins(30),
        }
    }

    /// Returns the link with this code. The code is in the query, so that the page works without JavaScript: it writes the
    /// code into a form. Only sending the form uses the code up, because scanners of mail open links too.
    #[must_use]
    pub fn link(self, public_url: &str, code: &LinkCode) -> String {
        let page = match self {
            Self::ConfirmEmail => "/email/confirm",
            Self::ResetPassword => "/password/reset",
        };
        [public_url, page, "?token=", code.0.expose_secret()].concat()
    }
}

/// 128 random bits, as 22 characters of base64url. No `Debug`: anyone who reads it can use the link.
pub struct LinkCode(SecretString);

/// The hash of a [`LinkCode`], which the store keeps. It needs no salt, because the code is random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkHash(String);

impl LinkCode {
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The code as a visitor sent it.
    #[must_use]
    pub fn from_client(text: &str) -> Self {
        Self(text.into())
    }

    #[must_use]
    pub fn hash(&self) -> LinkHash {
        LinkHash(URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.expose_secret().as_bytes())))
    }
}

impl LinkHash {
    /// The text in the table.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
