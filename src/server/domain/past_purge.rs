//! Times whose blocklist entries were removed, and the rule for tokens that expire in such a time.
//!
//! A purge trusts the clock. If the clock was far ahead for hours and is then corrected, the same times come again, but
//! the entries of tokens that were revoked meanwhile are gone. Therefore a token of such a time is rejected as expired,
//! unless this process issued it after the purge. The client then refreshes, and the store knows whether the session is
//! live. While the clock only goes forward, such a token has expired anyway.

use std::sync::atomic::{AtomicI64, Ordering};

use super::id_set::IdSet;
use super::ids::TokenId;
use super::unix_time::UnixTime;

/// How far the blocklist was purged, and the tokens that are valid nevertheless.
#[derive(Default)]
pub struct PastPurge {
    /// Entries that had to be kept until this time, or less long, may be gone.
    to: AtomicI64,
    issued: IdSet,
}

impl PastPurge {
    /// Records that entries up to this time will be removed.
    pub fn purge(&self, to: UnixTime) {
        self.to.fetch_max(to.0, Ordering::SeqCst);
        self.issued.parts().iter().for_each(|part| part.purge(to));
    }

    /// Records that a token was issued now. `keep_until`: how long its entry would be kept.
    pub fn issued(&self, id: TokenId, keep_until: UnixTime) {
        if self.reaches(keep_until) {
            // Every token has a new random id.
            self.issued.insert(id.to_bits(), keep_until);
        }
    }

    /// Returns whether an entry for this token, kept until that time, may have been removed.
    #[must_use]
    pub fn may_have_forgotten(&self, id: TokenId, keep_until: UnixTime) -> bool {
        self.reaches(keep_until) && !self.issued.contains(id.to_bits())
    }

    fn reaches(&self, keep_until: UnixTime) -> bool {
        keep_until.0 <= self.to.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_expires_in_a_purged_time_is_valid_only_if_it_was_issued_after_the_purge() {
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
