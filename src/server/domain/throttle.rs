//! How fast somebody may guess: rules, and the buckets in memory that count tries.
//!
//! A bucket leaks: every try raises it by one, time takes one out again and again. Up to `free` tries nobody notices; each
//! one beyond doubles the wait for the next. Times here are uptime, which no setting of the clock moves.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ids::ThrottleKey;

/// How tries of one kind are slowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Tries at once that wait for nothing.
    pub free: u32,
    /// The wait after the last of them. It doubles with every further try.
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// The time that takes one try out of the bucket: in the long run no more get through than one in this time.
    pub fade: Duration,
}

/// One visitor at one account. In the long run 96 tries a day.
pub const PAIR: Rule = Rule {
    free: 5,
    first_wait: Duration::from_secs(1),
    longest_wait: Duration::from_mins(15),
    fade: Duration::from_mins(15),
};

/// One visitor at all accounts together. Many people may share an address, and one in twenty mistypes.
pub const ADDRESS: Rule = Rule {
    free: 100,
    first_wait: Duration::from_secs(1),
    longest_wait: Duration::from_mins(1),
    fade: Duration::from_secs(30),
};

/// A device that signed in to this account before: more patient than [`PAIR`], as no stranger can claim to be one.
pub const DEVICE: Rule = Rule { free: 10, ..PAIR };

/// One visitor that makes accounts, each of which costs a hash. A whole class may share an address.
pub const SIGN_UP: Rule = capped(30, Duration::from_mins(2));

/// The first tries of all strangers at one account: within any hour at most 55 + 15.
pub const FIRST_TRIES: Rule = capped(55, Duration::from_mins(4));

/// Their further tries: within any hour at most 20 + 10. Apart from the first ones, so that few who try much cannot use up
/// what many who try once need. Together 100: tied to what `flows::throttle` promises.
pub const MORE_TRIES: Rule = capped(20, Duration::from_mins(6));

/// So many at once, and then one whenever one has faded.
const fn capped(free: u32, fade: Duration) -> Rule {
    Rule { free, first_wait: fade, longest_wait: fade, fade }
}

/// How long a bucket of any rule can need to be empty: what a store says beyond that comes from another clock.
pub const LONGEST_LIFE: Duration = Duration::from_hours(5);
/// The longest wait of any rule; likewise.
pub const LONGEST_WAIT: Duration = PAIR.longest_wait;

/// Buckets in memory: some 60 bytes each.
pub const MAX_BUCKETS: usize = 100_000;

/// Tries of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When it will have leaked out.
    pub empty_at: Duration,
    /// When the next try may come.
    pub next_at: Duration,
}

/// A try that was counted in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub key: ThrottleKey,
    pub rule: Rule,
    /// What the bucket was then.
    pub bucket: Bucket,
}

/// Too many tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// How long until the next may come.
    pub wait: Duration,
    /// Whether the visitor itself has done nothing: strangers have tried too often at this account.
    pub by_others: bool,
}

/// What a stranger's try is counted under.
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
    /// Counts a stranger's try in all its buckets, or refuses it and counts it in none.
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

    /// Counts a try in these buckets, or refuses it and counts it in none.
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

    /// Takes a try out again that guessed nothing. The waits that others have earned stay.
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

    /// Empties a bucket, whose visitor has shown not to be guessing; `true` where older tries were in it.
    pub fn forget(&self, counted: &Counted, now: Duration) -> bool {
        let removed = self.lock().remove(&counted.key);
        removed.is_some_and(|bucket| bucket.level(counted.rule, now) > 1)
    }

    /// Takes over what another process, or this one before its start, has counted; what is here already stays.
    pub fn learn(&self, key: ThrottleKey, known: Bucket, now: Duration) {
        let mut buckets = self.lock();
        make_room(&mut buckets, now);
        let bucket = buckets.entry(key).or_insert(known);
        bucket.empty_at = bucket.empty_at.max(known.empty_at);
        bucket.next_at = bucket.next_at.max(known.next_at);
    }

    /// Drops the empty ones.
    pub fn purge(&self, now: Duration) {
        self.lock().retain(|_, bucket| bucket.empty_at > now);
    }

    /// How many buckets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThrottleKey, Bucket>> {
        // Nobody panics with the lock in hand; if somebody did, the counts are whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    /// The wait after a try that filled the bucket to `level`.
    #[must_use]
    pub fn wait(&self, level: u32) -> Duration {
        let Some(beyond) = level.checked_sub(self.free) else { return Duration::ZERO };
        self.first_wait.saturating_mul(2_u32.saturating_pow(beyond)).min(self.longest_wait)
    }

    /// When the next try may come after one that filled the bucket to `level`. Without a wait that is the beginning of time
    /// and not `now`: whoever read the clock just before is counted after, and must not seem to be too early.
    fn next_at(&self, level: u32, now: Duration) -> Duration {
        let wait = self.wait(level);
        if wait.is_zero() { Duration::ZERO } else { now + wait }
    }
}

impl Bucket {
    /// How many tries are in it.
    #[must_use]
    pub fn level(&self, rule: Rule, now: Duration) -> u32 {
        let tries = self.empty_at.saturating_sub(now).as_millis().div_ceil(rule.fade.as_millis());
        u32::try_from(tries).unwrap_or(u32::MAX)
    }
}

/// How long until all of them let a try through; nothing where they do.
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

/// Where memory is full, the half goes that would be empty first: who tried once, before who keeps trying.
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
