//! What a door demands of the sign-in behind a token: two factors, or a recent one (RFC 9470).

use std::time::Duration;

use super::methods::{Assurance, Methods};
use super::unix_time::UnixTime;

/// The demand of a door. Default: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepUp {
    /// `acr_values`: at least this sure.
    pub assurance: Option<Assurance>,
    /// `max_age`: not longer ago than this.
    pub max_age: Option<Duration>,
}

impl StepUp {
    /// A second factor.
    pub const TWO_FACTORS: Self = Self { assurance: Some(Assurance::Two), max_age: None };

    /// Returns whether a sign-in by these methods at this time meets the demand. A token that does not say when is as old as
    /// can be.
    #[must_use]
    pub fn is_met(&self, methods: Methods, at: Option<UnixTime>, now: UnixTime) -> bool {
        let sure = !self.lacks_factors(methods);
        let recent = self.max_age.is_none_or(|age| at.is_some_and(|at| now <= at.plus(age)));
        sure && recent
    }

    /// Returns whether more factors are demanded than these methods are.
    #[must_use]
    pub fn lacks_factors(&self, methods: Methods) -> bool {
        self.assurance.is_some_and(|least| methods.assurance() < least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_is_met_by_as_many_factors_and_as_short_a_time_ago_as_it_says() {
        let (one, two) = (Methods::PASSWORD, Methods::PASSWORD_AND_CODE);
        let at = Some(UnixTime(100));
        let demand = |assurance, seconds: Option<u64>| StepUp { assurance, max_age: seconds.map(Duration::from_secs) };

        assert!(demand(None, None).is_met(Methods::default(), None, UnixTime(100)));
        assert!(demand(Some(Assurance::One), None).is_met(one, None, UnixTime(100)));
        assert!(!StepUp::TWO_FACTORS.is_met(one, at, UnixTime(100)));
        assert!(StepUp::TWO_FACTORS.is_met(two, at, UnixTime(1000)));
        assert!(demand(None, Some(60)).is_met(one, at, UnixTime(160)));
        assert!(!demand(None, Some(60)).is_met(one, at, UnixTime(161)));
        assert!(!demand(None, Some(60)).is_met(one, None, UnixTime(100)));
        assert!(!demand(Some(Assurance::Two), Some(60)).is_met(two, at, UnixTime(161)));
    }
}
