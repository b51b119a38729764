//! Refresh tokens: opaque, long-lived, and new at every use (RFC 9700, section 4.14.2).
//!
//! A token is `hs_rt_` and base64url of the session id, the generation, and a MAC over both. Therefore the store keeps
//! only the generation, which is not secret. The next token of a token always has the same text, however often a client
//! asks.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;

use super::ids::{ID_BYTES, SessionId};
use super::jwt_secret::JwtSecret;
use super::unix_time::UnixTime;

/// The prefix of every refresh token, so that people and scanners for leaked secrets recognise it.
pub const PREFIX: &str = "hs_rt_";

/// How long after a rotation the previous token still gets the same next token, even if that was used. Twenty tabs or a
/// lost answer then end no session.
pub const GRACE: Duration = Duration::from_secs(30);

/// The purpose of the derived key. Every use of the secret has its own text (RFC 5869, section 3.2).
const PURPOSE: &[u8] = b"handstamp: refresh tokens, 1";
const GENERATION_BYTES: usize = 4;
const MAC_BYTES: usize = 32;
const TOKEN_BYTES: usize = ID_BYTES + GENERATION_BYTES + MAC_BYTES;

/// How often the refresh token of a session has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u32);

impl Generation {
    /// The generation of the first refresh token.
    pub const FIRST: Self = Self(0);

    /// Returns the next generation. A session that refreshes every second reaches the last one after 136 years.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The content of a refresh token. The MAC is verified, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    pub session_id: SessionId,
    pub generation: Generation,
}

/// The key of the MACs. No `Debug`.
pub struct RefreshTokenKey(hmac::Key);

impl RefreshTokenKey {
    /// Derives the key from the secret.
    #[must_use]
    pub fn derive(secret: &JwtSecret) -> Self {
        Self(secret.mac_key(PURPOSE))
    }

    /// Writes a token: the same content always gives the same text.
    #[must_use]
    pub fn write(&self, token: &RefreshToken) -> SecretString {
        let said = said(token);
        let mac = hmac::sign(&self.0, &said);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&said, mac.as_ref()].concat())).into()
    }

    /// Parses the one spelling that [`Self::write`] gives. `None` for any other text.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<RefreshToken> {
        let mut bytes = [0; TOKEN_BYTES];
        // The slice form checks the exact length; the engine rejects padding and unused bits.
        let length = URL_SAFE_NO_PAD.decode_slice(text.strip_prefix(PREFIX)?, &mut bytes).ok()?;
        let (said, mac) = bytes.get(..length)?.split_at_checked(ID_BYTES + GENERATION_BYTES)?;
        hmac::verify(&self.0, said, mac).ok()?;
        let (id, generation) = said.split_first_chunk::<ID_BYTES>()?;
        Some(RefreshToken {
            session_id: SessionId::from_random(*id),
            generation: Generation(u32::from_be_bytes(*generation.first_chunk()?)),
        })
    }
}

fn said(token: &RefreshToken) -> Vec<u8> {
    [&token.session_id.to_bytes()[..], &token.generation.0.to_be_bytes()].concat()
}

/// What the store knows about the refresh tokens of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The generation of the newest token.
    pub generation: Generation,
    /// When the newest token was made.
    pub rotated_at: UnixTime,
    /// The newest token was not used yet: perhaps the client never got the answer.
    pub unseen: bool,
}

/// The verdict on a refresh token that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// The newest: the client gets the next one.
    Current,
    /// The previous one, and its answer may have been lost: the client gets the newest again.
    Previous,
    /// Used, and its next token too: someone else has a copy.
    Reused,
    /// Newer than the newest: the database was restored from a backup.
    Unknown,
}

impl Rotation {
    /// Judges a token of this session.
    #[must_use]
    pub fn judge(&self, presented: Generation, now: UnixTime) -> Worth {
        let forgiven = self.unseen || now < self.rotated_at.plus(GRACE);
        match presented {
            current if current == self.generation => Worth::Current,
            newer if newer > self.generation => Worth::Unknown,
            previous if previous.next() == self.generation && forgiven => Worth::Previous,
            _ => Worth::Reused,
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::server::domain::algorithm::Algorithm;

    fn key(secret: &str) -> RefreshTokenKey {
        RefreshTokenKey::derive(&JwtSecret::parse(&secret.into(), Algorithm::HS256).unwrap())
    }

    #[test]
    fn a_token_is_read_back_from_its_one_spelling_and_with_its_key_alone() {
        let ours = key("the secret of this spec, and its own");
        let token = RefreshToken { session_id: SessionId::from_random([0xA5; ID_BYTES]), generation: Generation(7) };
        let written = ours.write(&token);
        let text = written.expose_secret();

        assert_eq!(text.len(), PREFIX.len() + 70);
        assert_eq!(ours.read(text), Some(token));
        assert_eq!(ours.write(&token).expose_secret(), text, "the same text, always");
        assert_eq!(key("another secret, as long as the first").read(text), None);
        for index in 0..text.len() {
            let other = if text.as_bytes()[index] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &text[..index], &text[index + 1..]);
            assert_eq!(ours.read(&changed), None, "letter {index}");
            assert_eq!(ours.read(&text[..index]), None, "cut at {index}");
        }
        for bad in [format!("{text}="), format!("{text}A"), format!(" {text}"), text.replace("hs_rt_", "")] {
            assert_eq!(ours.read(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_used_token_is_forgiven_for_a_while_or_as_long_as_its_answer_may_have_been_lost() {
        let rotation = |unseen| Rotation { generation: Generation(5), rotated_at: UnixTime(1_000), unseen };
        let (at_once, within, after) = (UnixTime(1_000), UnixTime(1_029), UnixTime(1_030));

        for unseen in [true, false] {
            assert_eq!(rotation(unseen).judge(Generation(5), after), Worth::Current);
            assert_eq!(rotation(unseen).judge(Generation(4), at_once), Worth::Previous);
            assert_eq!(rotation(unseen).judge(Generation(4), within), Worth::Previous);
            assert_eq!(rotation(unseen).judge(Generation(3), at_once), Worth::Reused);
            assert_eq!(rotation(unseen).judge(Generation(6), at_once), Worth::Unknown);
        }
        assert_eq!(rotation(true).judge(Generation(4), after), Worth::Previous);
        assert_eq!(rotation(false).judge(Generation(4), after), Worth::Reused);
    }
}
