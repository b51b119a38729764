//! Refresh tokens: opaque, long-lived, another one at every use (RFC 9700, section 4.14.2).
//!
//! One is `hs_rt_` and base64url of session id, generation and a MAC over both. So the store keeps nothing secret, only
//! the generation; and the successor of a token is always the same text, however often it is asked for.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;

use super::ids::{ID_BYTES, SessionId};
use super::jwt_secret::JwtSecret;
use super::unix_time::UnixTime;

/// What every refresh token begins with, so that nobody takes one for another kind, a scanner for leaks included.
pub const PREFIX: &str = "hs_rt_";

/// How long after a rotation its predecessor still gets the same successor, whatever was done with that: twenty tabs
/// and a lost answer harm nobody.
pub const GRACE: Duration = Duration::from_secs(30);

/// What the derived key is for: another use of the same secret has another text here (RFC 5869, section 3.2).
const PURPOSE: &[u8] = b"handstamp: refresh tokens, 1";
const GENERATION_BYTES: usize = 4;
const MAC_BYTES: usize = 32;
const TOKEN_BYTES: usize = ID_BYTES + GENERATION_BYTES + MAC_BYTES;

/// How often a session's refresh token has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u32);

impl Generation {
    /// That of a session's first refresh token.
    pub const FIRST: Self = Self(0);

    /// The one after. A session that refreshed every second would reach the last one after 136 years.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What a refresh token says. Whoever holds this has checked the MAC, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    pub session_id: SessionId,
    pub generation: Generation,
}

/// The key of the MACs. No `Debug`.
pub struct RefreshTokenKey(hmac::Key);

impl RefreshTokenKey {
    /// Derives it from the secret.
    #[must_use]
    pub fn derive(secret: &JwtSecret) -> Self {
        Self(secret.mac_key(PURPOSE))
    }

    /// Writes a token: the same text for the same token, always.
    #[must_use]
    pub fn write(&self, token: &RefreshToken) -> SecretString {
        let said = said(token);
        let mac = hmac::sign(&self.0, &said);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&said, mac.as_ref()].concat())).into()
    }

    /// Reads the one spelling that [`Self::write`] gives; nothing for any other text.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<RefreshToken> {
        let mut bytes = [0; TOKEN_BYTES];
        // The slice form checks that the text fits exactly; the engine refuses padding and unused bits.
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

/// What the store knows of a session's refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// That of the newest token.
    pub generation: Generation,
    /// When that one was made.
    pub rotated_at: UnixTime,
    /// Nobody has used what came with it: its owner may never have got the answer.
    pub unseen: bool,
}

/// What a refresh token is worth that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// The newest: it earns the next.
    Current,
    /// The one before, and its answer may have been lost: it earns the newest once more.
    Previous,
    /// Used, and its successor too: somebody has a copy.
    Reused,
    /// Newer than the newest: of a database that was put back to an earlier state.
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
