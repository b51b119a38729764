//! Decides who may try a password or a code, or create an account: checked before anything is hashed, counted before
//! the answer.
//!
//! What an attacker can do, and the defence:
//! - *One address guesses one account.* [`PAIR`]: five attempts, then waits that double up to a quarter of an hour.
//! - *One address tries one password at every account.* [`ADDRESS`]: a hundred attempts, then one in half a minute. A
//!   successful sign-in to the attacker's own account gives back only its own attempt.
//! - *Many addresses guess one account.* `FIRST_TRIES` and `MORE_TRIES`: within any hour at most a hundred attempts of
//!   all unknown clients together. First attempts are counted separately, so that fifty addresses that try again and
//!   again leave an attempt for the fifty-first.
//! - *Many addresses lock a user out on purpose.* If they use up the first attempts (this takes more than 55 addresses,
//!   and then one every four minutes), they block only unknown clients. A browser that signed in to this account before
//!   sends a signed cookie and has its own bucket. A program without cookies passes from a network from which the user
//!   signed in within [`FAMILIAR_FOR`], with its own two buckets. A user with a new device in a new network waits for
//!   the next free first attempt.
//! - *An attacker in the user's own network* shares its address, and can use up its two buckets. The user's browser
//!   still passes. Together with 55 other addresses, this attacker can find out that a user in this network has the
//!   account.
//! - *Someone who knows the password guesses the second factor.* `SECOND_FACTOR`: five attempts, then waits that double up to
//!   two hours; in the long run 12 a day, whatever the number of addresses and challenges. Three codes of a million are
//!   valid at a time, so a guess is right with 3 in 10^6: in the first day less than 0.01 %, in a year of steady attempts
//!   1.3 %. Each wrong code is an event that the user sees, and a new password ends it. A successful sign-in gives back only
//!   its own attempt. A recovery code cannot be guessed: it has 80 bits.
//! - *Someone who knows the password locks the user out* with wrong codes. A browser that signed in completely before has its
//!   own bucket, and there the user can change the password. A known network counts for nothing here: the password alone
//!   makes one.
//! - *Thousands of new accounts; each costs a hash.* [`SIGN_UP`]: thirty from one address, then one in two
//!   minutes. An invalid invitation is rejected before anything is hashed.
//! - *One account has a name and an email address.* An attempt with the address counts for both. If the name has no attempt
//!   left, the answer is that of a wrong password: a 429 would show that name and address belong together.
//! - *Filling a mailbox, by asking for new passwords.* `FORGETS` for a network, [`MAILS`] for what was typed, whether the
//!   account exists or not, and once more for the account, silently. *Or by adding its address to accounts:* [`MAILS`] for
//!   the account, and for the address.
//! - *A hundred attempts at the same time.* All are counted before any is hashed, under one lock.
//! - *A client that hangs up before the answer* is counted. A restart resets no counter. Only if the store does not answer
//!   before a password is compared, the attempt is not counted.
//! - *Names that do not exist* are counted like existing ones, so that a 429 shows nothing.
//! - *Filling memory or tables.* Both are limited. Entries that would expire first are dropped first.
//! - *A stolen cookie of a known device* gives ten attempts and then one every quarter of an hour, until the password
//!   changes.
//!
//! With several processes on one store, each counts in memory, and learns of the attempts at the others whenever an
//! attempt at itself fails. Between two failures, each process may allow what the others have allowed already.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::PoisonError;
use std::time::Duration;

use secrecy::SecretString;
use tracing::info;

use super::find_account::find_account;
use crate::server::domain::email::Email;
use crate::server::domain::ids::{DeviceId, ThrottleKey, UserId};
use crate::server::domain::password::PasswordHash;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::session::Origin;
use crate::server::domain::throttle::{
    ADDRESS, Bucket, Counted, DEVICE, FORGETS, LONGEST_LIFE, MAILS, PAIR, PASSKEY_QUESTIONS, Refused, SECOND_FACTOR,
    SECOND_FACTOR_ON_DEVICE, SIGN_UP, StrangerKeys,
};
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::user::User;
use crate::server::domain::username::Username;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::throttle::TryCount;

/// How long a network is known to an account after a sign-in from it.
pub const FAMILIAR_FOR: Duration = Duration::from_hours(24 * 90);

/// The client that tries to sign in.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Device and address, which the user is shown.
    pub origin: Origin,
    pub address: IpAddr,
    /// The cookie of an earlier sign-in.
    pub known_device: Option<SecretString>,
}

impl Default for Visitor {
    fn default() -> Self {
        Self { origin: Origin::default(), address: Ipv4Addr::UNSPECIFIED.into(), known_device: None }
    }
}

/// Why the attempt was not allowed.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Too many attempts. The next is allowed after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; the next is allowed in {0:?}")]
pub struct Throttled(pub Duration);

/// An attempt that has been counted. Report its result; if it is dropped, it has failed.
#[must_use]
pub struct Attempt {
    state: AppState,
    counted: Vec<Counted>,
    /// The network that becomes known if the attempt succeeds.
    network: Option<ThrottleKey>,
}

/// Allows an attempt with a password for the account with this name, as typed, whether it exists or not. `device`: the
/// result of [`known_device`].
///
/// # Errors
/// [`NotAdmitted`].
pub async fn admit(
    state: &AppState,
    username: &str,
    visitor: &Visitor,
    device: Option<ThrottleKey>,
) -> Result<Attempt, NotAdmitted> {
    let now = state.world.uptime();
    let keys = state.throttle_keys.stranger(username, visitor.address);
    if let Some(device) = device {
        let counted = state.throttle.count(&[(device, DEVICE)], now);
        return Ok(Attempt {
            counted: or_throttled(counted, visitor)?,
            network: Some(keys.pair),
            state: state.clone(),
        });
    }
    let counted = admit_stranger(state, &keys).await?;
    Ok(Attempt { counted: or_throttled(counted, visitor)?, network: Some(keys.pair), state: state.clone() })
}

async fn admit_stranger(state: &AppState, keys: &StrangerKeys) -> Result<Result<Vec<Counted>, Refused>, StoreError> {
    let now = state.world.uptime();
    let counted = state.throttle.count_stranger(keys, now);
    let by_others = counted.as_ref().is_err_and(|refused| refused.by_others);
    if by_others && is_familiar(state, keys.pair).await? {
        return Ok(state.throttle.count(&[(keys.pair, PAIR), (keys.address, ADDRESS)], now));
    }
    Ok(counted)
}

/// Allows an attempt with a code that belongs to no account. Other visitors cannot use up the attempts of this one.
///
/// # Errors
/// [`Throttled`].
pub fn admit_to_code(state: &AppState, visitor: &Visitor) -> Result<Attempt, Throttled> {
    let key = state.throttle_keys.address(visitor.address);
    let counted = state.throttle.count(&[(key, ADDRESS)], state.world.uptime());
    Ok(Attempt { counted: or_throttled(counted, visitor)?, network: None, state: state.clone() })
}

/// Allows asking for a challenge of a passkey. Counted in memory only: a question guesses nothing, it costs a row.
///
/// # Errors
/// [`Throttled`].
pub(super) fn admit_to_question(state: &AppState, visitor: &Visitor) -> Result<(), Throttled> {
    let key = state.throttle_keys.passkey_questions(visitor.address);
    let counted = state.throttle.count(&[(key, PASSKEY_QUESTIONS)], state.world.uptime());
    or_throttled(counted, visitor).map(drop)
}

/// Allows creating an account. It is counted when it is dropped, whatever the result.
///
/// # Errors
/// [`Throttled`].
pub fn admit_to_sign_up(state: &AppState, visitor: &Visitor) -> Result<Attempt, Throttled> {
    let key = state.throttle_keys.sign_up(visitor.address);
    let counted = state.throttle.count(&[(key, SIGN_UP)], state.world.uptime());
    Ok(Attempt { counted: or_throttled(counted, visitor)?, network: None, state: state.clone() })
}

/// Allows an attempt with a second factor for this account, after the right password. `verified`: the hash of that password.
///
/// # Errors
/// [`Throttled`].
pub(super) fn admit_to_second_factor(
    state: &AppState,
    (user, verified): (&User, &PasswordHash),
    visitor: &Visitor,
) -> Result<Attempt, Throttled> {
    let shown = visitor.known_device.as_ref();
    let bucket = match shown.and_then(|shown| state.known_device_key.read(shown, user.id, verified)) {
        Some(device) => (state.throttle_keys.second_factor_on_device(user.id, device), SECOND_FACTOR_ON_DEVICE),
        None => (state.throttle_keys.second_factor(user.id), SECOND_FACTOR),
    };
    let counted = state.throttle.count(&[bucket], state.world.uptime());
    Ok(Attempt { counted: or_throttled(counted, visitor)?, network: None, state: state.clone() })
}

/// Allows asking for a new password. It is counted when it is dropped, whatever the result.
///
/// # Errors
/// [`Throttled`].
pub fn admit_to_forget(state: &AppState, typed: &str, visitor: &Visitor) -> Result<Attempt, Throttled> {
    let (network, account) = (state.throttle_keys.forgets(visitor.address), state.throttle_keys.forgotten(typed));
    let counted = state.throttle.count(&[(network, FORGETS), (account, MAILS)], state.world.uptime());
    Ok(Attempt { counted: or_throttled(counted, visitor)?, network: None, state: state.clone() })
}

/// Allows one more mail about an account; `to`: an address that is not its own yet. It is counted when it is dropped,
/// whatever the result.
///
/// # Errors
/// [`Throttled`].
pub fn admit_to_mail(
    state: &AppState,
    user: UserId,
    to: Option<&Email>,
    visitor: &Visitor,
) -> Result<Attempt, Throttled> {
    let keys = &state.throttle_keys;
    let of_address = to.map(|email| (keys.mails_to(email), MAILS));
    let all: Vec<_> = [(keys.mails(user), MAILS)].into_iter().chain(of_address).collect();
    let counted = state.throttle.count(&all, state.world.uptime());
    Ok(Attempt { counted: or_throttled(counted, visitor)?, network: None, state: state.clone() })
}

/// Makes the value that the browser sends from now on: this user has typed this password in it.
pub(super) fn recognisable(state: &AppState, user: &User, verified: &PasswordHash) -> SecretString {
    let device = DeviceId::from_random(state.world.random_bytes());
    state.known_device_key.write(device, user.id, verified)
}

/// Loads the counts of the table, so that attempts before a restart stay counted.
///
/// # Errors
/// [`StoreError`].
pub async fn recall_tries(state: &AppState) -> Result<(), StoreError> {
    let (now, uptime) = (state.world.now(), state.world.uptime());
    for kept in state.store.list_tries(now).await? {
        let [empty_at, next_at] = [kept.empty_at, kept.next_at].map(|at| uptime + until(now, at));
        state.throttle.learn(kept.key, Bucket { empty_at, next_at }, uptime);
    }
    Ok(())
}

impl Attempt {
    /// Counts the attempt for the name of this account too, if the visitor has not typed the name, but the email address.
    /// `false`: the name has no attempt left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn count_for_name(
        &mut self,
        typed: &str,
        name: &Username,
        visitor: &Visitor,
    ) -> Result<bool, StoreError> {
        let of_device = self.counted.iter().any(|counted| counted.rule == DEVICE);
        if of_device || Username::canonical(typed) == name.as_str() {
            return Ok(true);
        }
        let keys = self.state.throttle_keys.stranger_by_address(name, visitor.address);
        match admit_stranger(&self.state, &keys).await? {
            Ok(counted) => self.counted.extend(counted),
            Err(_) => return Ok(false),
        }
        Ok(true)
    }

    /// The attempt was wrong. It is durably counted when this returns; answer only then. `event`: the event for the
    /// user of the account.
    ///
    /// # Errors
    /// [`StoreError`]; in memory it is counted nevertheless.
    pub async fn failed(mut self, event: Option<(NewEvent, UserId)>) -> Result<(), StoreError> {
        let (now, uptime) = (self.state.world.now(), self.state.world.uptime());
        let agrees = clock_agrees(&self.state, now);
        let empty_at = self.state.store.count_try(self.counts(now, uptime), event, now).await?;
        for (Counted { key, bucket, .. }, empty_at) in std::mem::take(&mut self.counted).iter().zip(empty_at) {
            if agrees {
                let known = Bucket { empty_at: uptime + until(now, empty_at), next_at: bucket.next_at };
                self.state.throttle.learn(*key, known, uptime);
            }
        }
        Ok(())
    }

    /// The attempt was right. Resets the visitor's own counts, and removes this attempt from the shared ones.
    pub fn succeeded(mut self) {
        let (now, uptime) = (self.state.world.now(), self.state.world.uptime());
        let counted = std::mem::take(&mut self.counted);
        let (own, shared): (Vec<_>, Vec<_>) =
            counted.into_iter().partition(|counted| [PAIR, DEVICE, SECOND_FACTOR_ON_DEVICE].contains(&counted.rule));
        self.state.throttle.give_back(&shared, uptime);
        for counted in own {
            if self.state.throttle.forget(&counted, uptime) {
                self.state.store.note_forgotten(counted.key);
            }
        }
        if let Some(network) = self.network {
            self.state.store.note_familiar(network, now);
        }
    }

    /// Nothing was compared with what the visitor sent, because the store did not answer. The visitor has guessed nothing,
    /// and an outage must not lock out the users who try again.
    pub fn tested_nothing(mut self) {
        let counted = std::mem::take(&mut self.counted);
        self.state.throttle.give_back(&counted, self.state.world.uptime());
    }

    /// The attempts that the table must count.
    fn counts(&self, now: UnixTime, uptime: Duration) -> Vec<TryCount> {
        let count = |counted: &Counted| {
            let next_at = now.plus(whole(counted.bucket.next_at.saturating_sub(uptime)));
            TryCount { key: counted.key, fade: counted.rule.fade, next_at }
        };
        self.counted.iter().map(count).collect()
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.counted.is_empty() {
            let (now, uptime) = (self.state.world.now(), self.state.world.uptime());
            self.state.store.note_try(self.counts(now, uptime), now);
        }
    }
}

fn or_throttled(counted: Result<Vec<Counted>, Refused>, visitor: &Visitor) -> Result<Vec<Counted>, Throttled> {
    counted.map_err(|refused| {
        let (address, wait_s) = (&visitor.origin.address, refused.wait.as_secs());
        info!(by_others = refused.by_others, wait_s, %address, "Refused a sign-in: too many attempts");
        Throttled(refused.wait)
    })
}

/// Returns the bucket of a browser that signed in to this account before.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn known_device(
    state: &AppState,
    username: &str,
    visitor: &Visitor,
) -> Result<Option<ThrottleKey>, StoreError> {
    let Some(shown) = &visitor.known_device else { return Ok(None) };
    let Some((user, password)) = find_account(state, username).await? else { return Ok(None) };
    let device = state.known_device_key.read(shown, user.id, &password);
    Ok(device.map(|device| state.throttle_keys.device(user.id, device)))
}

/// Returns whether this value is of a browser that signed in to this account before.
pub(super) fn is_known_device(
    state: &AppState,
    user: &User,
    verified: &PasswordHash,
    shown: Option<&SecretString>,
) -> bool {
    shown.is_some_and(|shown| state.known_device_key.read(shown, user.id, verified).is_some())
}

async fn is_familiar(state: &AppState, pair: ThrottleKey) -> Result<bool, StoreError> {
    let since = state.world.now().0.saturating_sub_unsigned(FAMILIAR_FOR.as_secs());
    state.store.is_familiar(pair, UnixTime(since)).await
}

/// Returns whether the times in the table can be trusted: rows may have been written before the clock was set.
fn clock_agrees(state: &AppState, now: UnixTime) -> bool {
    let mut clock = state.steady_clock.lock().unwrap_or_else(PoisonError::into_inner);
    !clock.stepped_within(LONGEST_LIFE, now, state.world.uptime())
}

fn until(now: UnixTime, at: UnixTime) -> Duration {
    Duration::from_secs(at.seconds_since(now))
}

/// Returns whole seconds, rounded up, so that no client comes back too early.
fn whole(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}
