//! Times whose blocklist entries are gone, and what to think of a token that expires in one of them.
//!
//! A purge believes the clock. Where that was far ahead for hours and is then set right, the times of tokens that were signed
//! out meanwhile come once more, and their entries are gone. So a token of such a time is refused, as if it had expired,
//! unless this process issued it since: whoever holds another one refreshes, and the store knows whether that session lives.
//! While the clock goes forward such a token has expired anyway.

use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicI64, Ordering};

use scc::HashIndex;

use super::blocklist::RandomBits;
use super::ids::TokenId;
use super::unix_time::UnixTime;

/// How far the blocklist has been purged, and the tokens that are good all the same.
#[derive(Default)]
pub struct PastPurge {
    /// Entries that had to be kept until then, or not as long, may be gone.
    to: AtomicI64,
    issued: HashIndex<u128, UnixTime, BuildHasherDefault<RandomBits>>,
}

impl PastPurge {
    /// Entries up to this time are about to go.
    pub fn purge(&self, to: UnixTime) {
        self.to.fetch_max(to.0, Ordering::SeqCst);
        self.issued.retain_sync(|_, keep_until| *keep_until > to);
    }

    /// A token was issued just now, whose entry would be kept until then.
    pub fn issued(&self, id: TokenId, keep_until: UnixTime) {
        if self.reaches(keep_until) {
            // A token's id is drawn anew each time.
            let _ = self.issued.insert_sync(id.to_bits(), keep_until);
        }
    }

    /// Whether an entry for this token, kept until then, may have been forgotten.
    #[must_use]
    pub fn may_have_forgotten(&self, id: TokenId, keep_until: UnixTime) -> bool {
        self.reaches(keep_until) && !self.issued.contains(&id.to_bits())
    }

    fn reaches(&self, keep_until: UnixTime) -> bool {
        keep_until.0 <= self.to.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_a_time_that_was_purged_is_good_only_if_it_was_issued_since() {
        let past = PastPurge::default();
        let id = |number| TokenId::from_random([number; 16]);
        past.issued(id(1), UnixTime(100));
        assert!(!past.may_have_forgotten(id(1), UnixTime(100)));

        past.purge(UnixTime(150));
        past.purge(UnixTime(120));

        assert!(past.may_have_forgotten(id(1), UnixTime(100)));
        assert!(past.may_have_forgotten(id(2), UnixTime(150)));
        assert!(!past.may_have_forgotten(id(3), UnixTime(151)));
        past.issued(id(4), UnixTime(100));
        assert!(!past.may_have_forgotten(id(4), UnixTime(100)));
    }
}
