//! How long ago something was true.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

/// What two clocks say: one stands still while a computer sleeps, the other can be set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub steady: Instant,
    pub wall: SystemTime,
}

impl Moment {
    pub fn now() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }

    /// Returns the time since then, by the clock that says more.
    pub fn until(self, now: Self) -> Duration {
        let wall = now.wall.duration_since(self.wall).unwrap_or_default();
        now.steady.saturating_duration_since(self.steady).max(wall)
    }
}

/// The last moment at which something was known.
#[derive(Debug, Default)]
pub struct Freshness(RwLock<Option<Moment>>);

impl Freshness {
    /// It was known at this moment. An earlier moment than the last one changes nothing.
    pub fn at(&self, moment: Moment) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *known = (*known).max(Some(moment));
    }

    /// Nothing is known any more.
    pub fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Returns the time since then. `None` if it was never known.
    pub fn age(&self) -> Option<Duration> {
        let known = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.map(|known| known.until(Moment::now()))
    }

    /// Says whether that is longer ago than this, or was never.
    pub fn is_older_than(&self, bound: Duration) -> bool {
        self.age().is_none_or(|age| age > bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_the_longer_of_what_two_clocks_say() {
        let then = Moment::now();
        let seconds = Duration::from_secs;
        for (steady, wall, age) in [(5, seconds(5), 5), (5, seconds(900), 900), (0, seconds(0), 0)] {
            let now = Moment { steady: then.steady + seconds(steady), wall: then.wall + wall };
            assert_eq!(then.until(now), seconds(age));
        }
        let set_back = Moment { steady: then.steady + seconds(5), wall: then.wall - seconds(900) };
        assert_eq!(then.until(set_back), seconds(5));
    }

    #[test]
    fn what_was_never_known_is_old_and_an_answer_that_is_late_proves_nothing_new() {
        let known = Freshness::default();
        assert!(known.is_older_than(Duration::MAX));
        let now = Moment::now();
        known.at(now);
        known.at(Moment { steady: now.steady.checked_sub(Duration::from_mins(1)).unwrap(), ..now });
        assert!(!known.is_older_than(Duration::from_secs(30)));
        known.forget();
        assert!(known.is_older_than(Duration::MAX));
    }
}
