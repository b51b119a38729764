//! The blocklist in memory: sessions and tokens that must be rejected although the signature is right.
//!
//! The key is a session id or a token id, never the text of a token: an ES256 signature has a second valid spelling,
//! its `jti` has only one. Readers never wait. A new entry is written to the store first, then here. At the start, it
//! is filled before the first request.

use std::time::Duration;

use super::id_set::{IdSet, Part};
use super::ids::{BlockedId, SessionId, TokenId};
use super::unix_time::UnixTime;

/// How much longer than its tokens an entry stays, in addition to the leeway of `access_token::verify`. If the clock
/// steps back after a purge, a revoked token must not become valid again. Longer than the largest step that we test
/// (262 s).
const MARGIN: Duration = Duration::from_mins(10);

/// Returns how long to keep an entry whose last token expires at `expires_at`: as long as
/// [`verify`](super::access_token::verify) could still accept that token, plus a margin.
#[must_use]
pub fn keep_until(expires_at: UnixTime, leeway: Duration) -> UnixTime {
    expires_at.plus(leeway).plus(MARGIN)
}

/// A session or token that must be rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    Session(SessionId),
    Token(TokenId),
}

impl Blocked {
    /// Both kinds of id are 128 random bits, so one set contains both.
    const fn id(self) -> BlockedId {
        BlockedId::from_random(match self {
            Self::Session(id) => id.to_bytes(),
            Self::Token(id) => id.to_bytes(),
        })
    }
}

/// A row of the table `blocklist`. `seq`: its number, the same for all rows of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub blocked: Blocked,
    pub keep_until: UnixTime,
    pub seq: i64,
}

/// The set that every verification reads.
#[derive(Default)]
pub struct Blocklist {
    entries: IdSet,
}

impl Blocklist {
    /// Adds an entry. Adding it twice has no effect. Returns whether it is new.
    pub fn block(&self, blocked: Blocked, keep_until: UnixTime) -> bool {
        // If the entry exists, its time is right too: both come from the same row.
        self.entries.insert(blocked.id().to_bits(), keep_until)
    }

    /// Makes room for this number of entries, so that adding them takes less time.
    pub fn reserve(&self, number: usize) {
        self.entries.reserve(number);
    }

    /// Adds many entries of the store.
    pub fn load(&self, entries: &[(BlockedId, UnixTime)]) {
        self.entries.insert_all(entries.iter().map(|(id, keep_until)| (id.to_bits(), *keep_until)).collect());
    }

    /// Returns whether a token of this session with this id must be rejected.
    #[must_use]
    pub fn refuses(&self, session: SessionId, token: TokenId) -> bool {
        self.entries.contains(session.to_bits()) || self.entries.contains(token.to_bits())
    }

    /// Returns whether this session has ended.
    #[must_use]
    pub fn refuses_session(&self, session: SessionId) -> bool {
        self.entries.contains(session.to_bits())
    }

    /// Returns the parts. Each is purged by itself: removes entries whose time has passed. Their tokens expired long ago.
    pub const fn parts(&self) -> &[Part] {
        self.entries.parts()
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocked_session_refuses_all_its_tokens_and_no_others() {
        let blocklist = Blocklist::default();
        let (ended, other) = (SessionId::from_random([1; 16]), SessionId::from_random([2; 16]));
        let (token, another) = (TokenId::from_random([3; 16]), TokenId::from_random([4; 16]));

        blocklist.block(Blocked::Session(ended), UnixTime(100));
        assert!(blocklist.refuses(ended, token));
        assert!(!blocklist.refuses(other, token));

        blocklist.block(Blocked::Token(another), UnixTime(100));
        assert!(blocklist.refuses(other, another));
    }

    #[test]
    fn an_entry_stays_until_its_time_and_then_goes() {
        let blocklist = Blocklist::default();
        let session = SessionId::from_random([1; 16]);
        blocklist.block(Blocked::Session(session), UnixTime(100));

        let purge = |now: i64| blocklist.parts().iter().for_each(|part| part.purge(UnixTime(now)));
        purge(99);
        assert_eq!(blocklist.len(), 1);
        purge(100);
        assert!(blocklist.is_empty());
    }

    #[test]
    fn an_entry_outlives_every_token_that_could_still_be_accepted() {
        let kept = keep_until(UnixTime(1_000), Duration::from_mins(1));
        assert!(kept >= UnixTime(1_000 + 60 + 262));
    }
}
