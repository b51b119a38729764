//! When the blocklist in memory was last known to be that of the store. A process that has not heard from the store for longer
//! than `REVOCATION_BOUND` cannot know which sessions other processes have ended meanwhile.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The last time at which the blocklist was complete.
#[derive(Debug)]
pub struct Freshness {
    /// In milliseconds of the process's own uptime: no set clock changes it.
    complete_at: AtomicU64,
    bound: u64,
}

/// Before the first time.
const NEVER: u64 = u64::MAX;

impl Freshness {
    #[must_use]
    pub fn within(bound: Duration) -> Self {
        Self { complete_at: AtomicU64::new(NEVER), bound: millis(bound) }
    }

    /// Notes that nothing is missing that was in the store at this uptime: when the store was asked, not when it answered.
    pub fn complete(&self, uptime: Duration) {
        self.complete_at.store(millis(uptime), Ordering::Release);
    }

    /// Returns how old the blocklist may be; `None` before it was read.
    #[must_use]
    pub fn age(&self, uptime: Duration) -> Option<Duration> {
        let complete_at = self.complete_at.load(Ordering::Acquire);
        (complete_at != NEVER).then(|| Duration::from_millis(millis(uptime).saturating_sub(complete_at)))
    }

    /// Returns whether this process knows which sessions have ended.
    #[must_use]
    pub fn is_fresh(&self, uptime: Duration) -> bool {
        self.age(uptime).is_some_and(|age| millis(age) <= self.bound)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(NEVER - 1).min(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocklist_is_fresh_from_its_first_reading_until_the_bound_and_again_after_the_next() {
        let at = Duration::from_millis;
        let freshness = Freshness::within(at(1000));
        assert!(!freshness.is_fresh(at(0)) && freshness.age(at(0)).is_none());

        freshness.complete(at(500));
        assert!(freshness.is_fresh(at(500)) && freshness.is_fresh(at(1500)));
        assert!(!freshness.is_fresh(at(1501)));

        freshness.complete(at(5000));
        assert!(freshness.is_fresh(at(6000)));
        assert_eq!(freshness.age(at(5400)), Some(at(400)));
    }
}
