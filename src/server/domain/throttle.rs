//! The limits on guessing: rules, and the buckets in memory that count attempts.
//!
//! Each is a leaky bucket: every attempt adds one, and time removes them one by one. Up to `free` attempts have no
//! wait. Every further attempt doubles the wait for the next. Times here are uptime, which does not change when the
//! clock is set.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ids::ThrottleKey;

/// The limits for one kind of attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Attempts without a wait.
    pub free: u32,
    /// The wait after the last of them. It doubles with every further attempt.
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// The time after which one attempt leaves the bucket. In the long run, at most one attempt passes in this time.
    pub fade: Duration,
}

/// One visitor and one account. In the long run 96 attempts a day.
pub const PAIR: Rule = Rule {
    free: 5,
    first_wait: Duration::from_secs(1),
    longest_wait: Duration::from_mins(15),
    fade: Duration::from_mins(15),
};

/// One visitor and all accounts together. Many people may share an address, and one sign-in in twenty has a typing
/// error.
pub const ADDRESS: Rule = Rule {
    free: 100,
    first_wait: Duration::from_secs(1),
    longest_wait: Duration::from_mins(1),
    fade: Duration::from_secs(30),
};

/// A device that signed in to this account before. More attempts than [`PAIR`], because an unknown client cannot
/// pretend to be one.
pub const DEVICE: Rule = Rule { free: 10, ..PAIR };

/// Second factors at one account, after the right password, by all clients together from which nobody has signed in to it
/// completely. Tied to the odds in `flows::throttle`.
pub const SECOND_FACTOR: Rule = Rule {
    free: 5,
    first_wait: Duration::from_mins(1),
    longest_wait: Duration::from_hours(2),
    fade: Duration::from_hours(2),
};

/// The same by a device that signed in to this account before.
pub const SECOND_FACTOR_ON_DEVICE: Rule = Rule { free: 10, ..SECOND_FACTOR };

/// One visitor that creates accounts. Each account costs a hash. A whole class may share an address.
pub const SIGN_UP: Rule = capped(30, Duration::from_mins(2));

/// One visitor that asks for a challenge of a passkey. Every page with the sign-in form asks for one, and many people may
/// share an address. Each is a row for five minutes: at most 450 for one address.
pub const PASSKEY_QUESTIONS: Rule = capped(300, Duration::from_secs(2));
/// One visitor that asks for new passwords. A whole office may share an address.
pub const FORGETS: Rule = capped(20, Duration::from_mins(1));

/// Mails that others make the server send to one account, that its user makes it send elsewhere, or that all users make it
/// send to one address: at most 5 + 4 in any hour.
pub const MAILS: Rule = capped(5, Duration::from_mins(15));

/// The first attempts of all unknown clients at one account: at most 55 + 15 in any hour.
pub const FIRST_TRIES: Rule = capped(55, Duration::from_mins(4));

/// Their further attempts: at most 20 + 10 in any hour. Counted separately, so that a few busy clients cannot use up
/// the first attempts of the others. Together 100: tied to the promise in `flows::throttle`.
pub const MORE_TRIES: Rule = capped(20, Duration::from_mins(6));

/// `free` attempts at once, then one each time that one has left the bucket.
const fn capped(free: u32, fade: Duration) -> Rule {
    Rule { free, first_wait: fade, longest_wait: fade, fade }
}

/// The longest time until a bucket is empty, for any rule. A longer time in the store comes from another clock.
pub const LONGEST_LIFE: Duration = Duration::from_hours(40);
/// The longest wait of any rule. A longer one comes from another clock too.
pub const LONGEST_WAIT: Duration = SECOND_FACTOR.longest_wait;

/// Buckets in memory: about 60 bytes each.
pub const MAX_BUCKETS: usize = 100_000;

/// The attempts of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When it will be empty.
    pub empty_at: Duration,
    /// When the next attempt is allowed.
    pub next_at: Duration,
}

/// An attempt that was counted in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub key: ThrottleKey,
    pub rule: Rule,
    /// The state of the bucket after that.
    pub bucket: Bucket,
}

/// Too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The wait until the next attempt is allowed.
    pub wait: Duration,
    /// Whether other unknown clients used up the limit of this account, and not this visitor.
    pub by_others: bool,
}

/// The keys of the buckets for an attempt of an unknown client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrangerKeys {
    pub pair: ThrottleKey,
    pub address: ThrottleKey,
    pub first_tries: ThrottleKey,
    pub more_tries: ThrottleKey,
}

/// All buckets of this process.
#[derive(Default)]
pub struct Throttle(Mutex<HashMap<ThrottleKey, Bucket>>);

impl Throttle {
    /// Counts an attempt of an unknown client in all its buckets, or refuses it and counts it in none.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn count_stranger(&self, keys: &StrangerKeys, now: Duration) -> Result<Vec<Counted>, Refused> {
        let mut buckets = self.lock();
        let own = [(keys.pair, PAIR), (keys.address, ADDRESS)];
        if let Some(wait) = longest_wait(&buckets, &own, now) {
            return Err(Refused { wait, by_others: false });
        }
        let is_first = buckets.get(&keys.pair).is_none_or(|bucket| bucket.empty_at <= now);
        let of_all = if is_first { (keys.first_tries, FIRST_TRIES) } else { (keys.more_tries, MORE_TRIES) };
        if let Some(wait) = longest_wait(&buckets, &[of_all], now) {
            return Err(Refused { wait, by_others: true });
        }
        Ok(own.into_iter().chain([of_all]).map(|(key, rule)| count(&mut buckets, key, rule, now)).collect())
    }

    /// Counts an attempt in these buckets, or refuses it and counts it in none.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn count(&self, keys: &[(ThrottleKey, Rule)], now: Duration) -> Result<Vec<Counted>, Refused> {
        let mut buckets = self.lock();
        if let Some(wait) = longest_wait(&buckets, keys, now) {
            return Err(Refused { wait, by_others: false });
        }
        Ok(keys.iter().map(|(key, rule)| count(&mut buckets, *key, *rule, now)).collect())
    }

    /// Removes an attempt that was not a guess. Waits caused by other attempts stay.
    pub fn give_back(&self, counted: &[Counted], now: Duration) {
        let mut buckets = self.lock();
        for Counted { key, rule, .. } in counted {
            let Some(bucket) = buckets.get_mut(key) else { continue };
            bucket.empty_at = bucket.empty_at.saturating_sub(rule.fade);
            bucket.next_at = bucket.next_at.min(rule.next_at(bucket.level(*rule, now), now));
            if bucket.empty_at <= now {
                buckets.remove(key);
            }
        }
    }

    /// Empties a bucket, because its visitor is not guessing. Returns whether older attempts were in it.
    pub fn forget(&self, counted: &Counted, now: Duration) -> bool {
        let removed = self.lock().remove(&counted.key);
        removed.is_some_and(|bucket| bucket.level(counted.rule, now) > 1)
    }

    /// Adds the counts of another process, or of this one before its start. Counts that are here already stay.
    pub fn learn(&self, key: ThrottleKey, known: Bucket, now: Duration) {
        let mut buckets = self.lock();
        make_room(&mut buckets, now);
        let bucket = buckets.entry(key).or_insert(known);
        bucket.empty_at = bucket.empty_at.max(known.empty_at);
        bucket.next_at = bucket.next_at.max(known.next_at);
    }

    /// Removes empty buckets.
    pub fn purge(&self, now: Duration) {
        self.lock().retain(|_, bucket| bucket.empty_at > now);
    }

    /// Returns the number of buckets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThrottleKey, Bucket>> {
        // No code panics while it holds the lock. Even then the counts would be consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    /// Returns the wait after an attempt that filled the bucket to `level`.
    #[must_use]
    pub fn wait(&self, level: u32) -> Duration {
        let Some(beyond) = level.checked_sub(self.free) else { return Duration::ZERO };
        self.first_wait.saturating_mul(2_u32.saturating_pow(beyond)).min(self.longest_wait)
    }

    /// Returns when the next attempt is allowed after one that filled the bucket to `level`. Without a wait, this is
    /// the beginning of time and not `now`: a task that read the clock a moment earlier may be counted later, and must
    /// not be refused as too early.
    fn next_at(&self, level: u32, now: Duration) -> Duration {
        let wait = self.wait(level);
        if wait.is_zero() { Duration::ZERO } else { now + wait }
    }
}

impl Bucket {
    /// Returns the number of attempts in it.
    #[must_use]
    pub fn level(&self, rule: Rule, now: Duration) -> u32 {
        let tries = self.empty_at.saturating_sub(now).as_millis().div_ceil(rule.fade.as_millis());
        u32::try_from(tries).unwrap_or(u32::MAX)
    }
}

/// Returns the wait until all of them allow an attempt. `None` if they do now.
fn longest_wait(
    buckets: &HashMap<ThrottleKey, Bucket>,
    keys: &[(ThrottleKey, Rule)],
    now: Duration,
) -> Option<Duration> {
    let waits = keys.iter().filter_map(|(key, _)| buckets.get(key)?.next_at.checked_sub(now));
    waits.filter(|wait| !wait.is_zero()).max()
}

fn count(buckets: &mut HashMap<ThrottleKey, Bucket>, key: ThrottleKey, rule: Rule, now: Duration) -> Counted {
    make_room(buckets, now);
    let bucket = buckets.entry(key).or_insert(Bucket { empty_at: now, next_at: Duration::ZERO });
    bucket.empty_at = bucket.empty_at.max(now) + rule.fade;
    bucket.next_at = rule.next_at(bucket.level(rule, now), now);
    Counted { key, rule, bucket: *bucket }
}

/// If the memory is full, removes the half that would be empty first: visitors with one attempt before those with many.
fn make_room(buckets: &mut HashMap<ThrottleKey, Bucket>, now: Duration) {
    if buckets.len() < MAX_BUCKETS {
        return;
    }
    let mut ends: Vec<_> = buckets.values().map(|bucket| bucket.empty_at).collect();
    let middle = ends.len() / 2;
    let (_, median, _) = ends.select_nth_unstable(middle);
    let until = now.max(*median);
    buckets.retain(|_, bucket| bucket.empty_at > until);
}

#[cfg(test)]
#[path = "throttle_tests.rs"]
mod tests;
