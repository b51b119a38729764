//! Decides whether the clock can be trusted: it steps if someone sets it, or if a battery is empty.
//!
//! If the clock is far ahead, a purge removes entries too early, and when the clock is corrected, a revoked token works
//! again. Therefore nothing is purged until clock and real time have agreed for the longest lifetime of any token:
//! after that, every older token has really expired.

use std::time::Duration;

use super::unix_time::UnixTime;

/// How far the two may drift apart. Within the margin of `blocklist::keep_until`.
const TOLERANCE: u64 = 262;

/// The beginning of the time in which clock and real time have agreed.
#[derive(Clone, Copy, Debug)]
pub struct SteadyClock {
    clock: UnixTime,
    uptime: Duration,
    after_a_step: bool,
}

impl SteadyClock {
    /// Begins now. `uptime` does not change when the clock is set.
    #[must_use]
    pub const fn begin(clock: UnixTime, uptime: Duration) -> Self {
        Self { clock, uptime, after_a_step: false }
    }

    /// Returns how long they have agreed. A step of the clock restarts this.
    pub fn steady_for(&mut self, clock: UnixTime, uptime: Duration) -> Duration {
        let really = uptime.saturating_sub(self.uptime);
        if self.clock.plus(really).0.abs_diff(clock.0) > TOLERANCE {
            *self = Self { after_a_step: true, ..Self::begin(clock, uptime) };
            return Duration::ZERO;
        }
        really
    }

    /// Returns whether the clock may have stepped within this time. The time before the beginning is unknown.
    pub fn stepped_within(&mut self, time: Duration, clock: UnixTime, uptime: Duration) -> bool {
        let steady = self.steady_for(clock, uptime);
        self.after_a_step && steady < time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_the_clock_begins_a_new_time_and_a_small_drift_does_not() {
        let seconds = Duration::from_secs;
        let mut steady = SteadyClock::begin(UnixTime(1_000), seconds(0));
        assert_eq!(steady.steady_for(UnixTime(1_600), seconds(600)), seconds(600));
        assert_eq!(steady.steady_for(UnixTime(2_262), seconds(1_000)), seconds(1_000));
        assert_eq!(steady.steady_for(UnixTime(2_264), seconds(1_001)), seconds(0), "ahead");
        assert_eq!(steady.steady_for(UnixTime(2_364), seconds(1_101)), seconds(100));
        assert_eq!(steady.steady_for(UnixTime(-5), seconds(1_102)), seconds(0), "back");
        assert_eq!(steady.steady_for(UnixTime(95), seconds(1_202)), seconds(100));
    }

    #[test]
    fn a_step_of_the_clock_is_remembered_for_the_whole_time_that_is_asked_for() {
        let seconds = Duration::from_secs;
        let mut steady = SteadyClock::begin(UnixTime(1_000), seconds(0));
        assert!(!steady.stepped_within(seconds(60), UnixTime(1_001), seconds(1)));
        assert!(steady.stepped_within(seconds(60), UnixTime(5), seconds(2)));
        assert!(steady.stepped_within(seconds(60), UnixTime(64), seconds(61)));
        assert!(!steady.stepped_within(seconds(60), UnixTime(65), seconds(62)));
    }
}
