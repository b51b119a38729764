//! A question that a client must answer within minutes: a second factor after a password, or a passkey.
//!
//! The client gets a random text. The store keeps its hash, and what the answer needs. A challenge is answered once. It is
//! bound to the browser: a page keeps it in a cookie that no script reads and no other site sends.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

use super::factors::FactorKind;
use super::ids::UserId;

/// The lifetime of a challenge.
pub const LIFETIME: Duration = Duration::from_mins(5);

/// After this many wrong answers a challenge is gone.
pub const MAX_REFUSALS: i64 = 5;

/// 128 random bits, as 22 characters of base64url. No `Debug`: with a right second factor it starts a session.
pub struct ChallengeId(SecretString);

/// A random text that a browser keeps in a cookie for its challenges: only together with it can they be answered. Several tabs
/// share it. No `Debug`.
pub struct BrowserKey(SecretString);

/// The hash of a [`ChallengeId`], which the store keeps. It needs no salt, because the id is random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeHash(String);

/// What a challenge asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A second factor, after the right password.
    SecondFactor,
    /// Any passkey, by a visitor who has said no name.
    PasskeySignIn,
    /// A new passkey of a signed-in user.
    PasskeyRegistration,
    /// A passkey as the second factor. It belongs to a challenge of [`Purpose::SecondFactor`].
    PasskeyAfterPassword,
}

impl Purpose {
    /// The text in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::PasskeySignIn => "passkey_sign_in",
            Self::PasskeyRegistration => "passkey_registration",
            Self::PasskeyAfterPassword => "passkey_after_password",
        }
    }
}

/// A challenge from the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptChallenge {
    pub hash: ChallengeHash,
    /// The user that it asks. `None`: the answer will tell.
    pub user_id: Option<UserId>,
    /// What the flow that asked wrote down for the flow that reads the answer.
    pub state: String,
}

/// A second factor is needed. For the client.
pub struct SecondFactorAsked {
    pub challenge: ChallengeId,
    /// What the account has, the best first.
    pub methods: Vec<FactorKind>,
}

impl ChallengeId {
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The text as a client sent it.
    #[must_use]
    pub fn from_client(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the text. Only for the client that must answer.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    #[must_use]
    pub fn hash(&self) -> ChallengeHash {
        ChallengeHash(URL_SAFE_NO_PAD.encode(digest(&SHA256, self.expose().as_bytes())))
    }

    /// Returns the hash of a challenge that only this browser can answer. `None`: a program, which keeps it to itself.
    #[must_use]
    pub fn hash_in(&self, browser: Option<&BrowserKey>) -> ChallengeHash {
        browser.map_or_else(|| self.hash(), |key| self.with(key.expose()).hash())
    }

    /// Returns the id of the question about a passkey that belongs to this challenge.
    #[must_use]
    pub fn of_passkey(&self) -> Self {
        self.with("passkey")
    }

    /// No id that a client got has a dot.
    fn with(&self, part: &str) -> Self {
        Self(format!("{}.{part}", self.expose()).into())
    }
}

impl BrowserKey {
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The text as a browser sent it. Nothing if it is not one that we made.
    #[must_use]
    pub fn from_client(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 16).then(|| Self(text.into()))
    }

    /// Returns the text. Only for the browser.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl ChallengeHash {
    /// The text in the table.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
