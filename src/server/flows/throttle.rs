//! Who may try a password or a code, or make an account: asked before anything is hashed, settled before the answer.
//!
//! What an attacker can do, and what stands against it:
//! - *One address guesses one account.* [`PAIR`]: five tries, then waits that double up to a quarter of an hour.
//! - *One address tries one password at every account.* [`ADDRESS`]: a hundred tries, then one in half a minute. Whoever
//!   signs in to an account of their own meanwhile gets that try back and no other.
//! - *Many addresses guess one account.* `FIRST_TRIES` and `MORE_TRIES`: within any hour at most a hundred tries of all
//!   strangers together. First tries have a share of their own, so that fifty addresses that try again and again leave
//!   the fifty-first a try.
//! - *Many addresses lock an owner out on purpose.* Who uses up that share (it takes more than 55 addresses, and then one
//!   every four minutes) stops strangers alone. A browser that signed in to this account before shows a signed cookie and
//!   is judged by a bucket of its own; a program without cookies is let through from a network from which somebody signed
//!   in to this account within [`FAMILIAR_FOR`], judged by its own two buckets. Who comes from a new network with a
//!   new device waits for the next free first try.
//! - *Somebody in the owner's own network* shares its address, so can use up its two buckets; the owner's browser passes.
//!   Together with 55 addresses elsewhere such a neighbour could find out that somebody here has this account.
//! - *Accounts by the thousand, each of which costs a hash.* [`SIGN_UP`]: thirty from one address, then one in two minutes.
//!   An invitation that is not good is refused before anything is hashed.
//! - *A hundred tries at once.* All are counted before any is hashed, under one lock.
//! - *Whoever hangs up before the answer* is counted, and so is everybody who failed before a restart.
//! - *Names that do not exist* are counted like those that do, so that a 429 tells nothing.
//! - *Filling memory or tables.* Both are bounded; what is dropped first is what would be forgiven first.
//! - *A stolen cookie of a known device* gives ten tries and then one every quarter of an hour, until the password changes.
//!
//! Several processes on one store each count in memory, and hear of one another's tries whenever one of their own
//! fails: between two failures each may let through what the others have let through already.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::PoisonError;
use std::time::Duration;

use secrecy::SecretString;
use tracing::info;

use crate::server::domain::ids::{DeviceId, ThrottleKey, UserId};
use crate::server::domain::password::PasswordHash;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::session::Origin;
use crate::server::domain::throttle::{ADDRESS, Bucket, Counted, DEVICE, LONGEST_LIFE, PAIR, Refused, SIGN_UP};
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::user::User;
use crate::server::domain::username::Username;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::throttle::TryCount;

/// How long a network stays familiar to an account after a sign-in from it.
pub const FAMILIAR_FOR: Duration = Duration::from_hours(24 * 90);

/// Who is at the door.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// What its owner is shown.
    pub origin: Origin,
    pub address: IpAddr,
    /// What this browser shows of an earlier sign-in.
    pub known_device: Option<SecretString>,
}

impl Default for Visitor {
    fn default() -> Self {
        Self { origin: Origin::default(), address: Ipv4Addr::UNSPECIFIED.into(), known_device: None }
    }
}

/// Why nobody was let try.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Too many tries; the next may come after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; the next may come in {0:?}")]
pub struct Throttled(pub Duration);

/// A try that has been counted. Say how it ended: whoever drops it has failed.
#[must_use]
pub struct Attempt {
    state: AppState,
    counted: Vec<Counted>,
    /// What becomes familiar by a success.
    network: Option<ThrottleKey>,
}

/// Lets somebody try a password of the account with this name, as typed, whether it exists or not. `device`: what
/// [`known_device`] found.
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
    let mut counted = state.throttle.count_stranger(&keys, now);
    let by_others = counted.as_ref().is_err_and(|refused| refused.by_others);
    if by_others && is_familiar(state, keys.pair).await? {
        counted = state.throttle.count(&[(keys.pair, PAIR), (keys.address, ADDRESS)], now);
    }
    Ok(Attempt { counted: or_throttled(counted, visitor)?, network: Some(keys.pair), state: state.clone() })
}

/// Lets somebody try a code that belongs to no account. Nobody else can use up what this visitor may do.
///
/// # Errors
/// [`Throttled`].
pub fn admit_to_code(state: &AppState, visitor: &Visitor) -> Result<Attempt, Throttled> {
    let key = state.throttle_keys.address(visitor.address);
    let counted = state.throttle.count(&[(key, ADDRESS)], state.world.uptime());
    Ok(Attempt { counted: or_throttled(counted, visitor)?, network: None, state: state.clone() })
}

/// Lets somebody make an account. Counted whatever comes of it, as soon as it is dropped.
///
/// # Errors
/// [`Throttled`].
pub fn admit_to_sign_up(state: &AppState, visitor: &Visitor) -> Result<Attempt, Throttled> {
    let key = state.throttle_keys.sign_up(visitor.address);
    let counted = state.throttle.count(&[(key, SIGN_UP)], state.world.uptime());
    Ok(Attempt { counted: or_throttled(counted, visitor)?, network: None, state: state.clone() })
}

/// What a browser is to show from now on: this user has typed this password in it.
pub(super) fn recognisable(state: &AppState, user: &User, verified: &PasswordHash) -> SecretString {
    let device = DeviceId::from_random(state.world.random_bytes());
    state.known_device_key.write(device, user.id, verified)
}

/// Takes over what the table has counted: what failed before a restart stays counted.
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
    /// It was wrong: counted for good when this returns, and only then it may be answered. `event` is what the owner of the
    /// account is told.
    ///
    /// # Errors
    /// [`StoreError`]; in memory it is counted all the same.
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

    /// It was right: the visitor's own tries are forgotten, and what was counted for others too is given back.
    pub fn succeeded(mut self) {
        let (now, uptime) = (self.state.world.now(), self.state.world.uptime());
        let counted = std::mem::take(&mut self.counted);
        let (own, shared): (Vec<_>, Vec<_>) =
            counted.into_iter().partition(|counted| [PAIR, DEVICE].contains(&counted.rule));
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

    /// What the table is to count.
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

/// The bucket of a browser that signed in to this account before.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn known_device(
    state: &AppState,
    username: &str,
    visitor: &Visitor,
) -> Result<Option<ThrottleKey>, StoreError> {
    let Some(shown) = &visitor.known_device else { return Ok(None) };
    let Ok(username) = Username::parse(username) else { return Ok(None) };
    let Some((user, password)) = state.store.find_user(&username).await? else { return Ok(None) };
    let device = state.known_device_key.read(shown, user.id, &password);
    Ok(device.map(|device| state.throttle_keys.device(user.id, device)))
}

async fn is_familiar(state: &AppState, pair: ThrottleKey) -> Result<bool, StoreError> {
    let since = state.world.now().0.saturating_sub_unsigned(FAMILIAR_FOR.as_secs());
    state.store.is_familiar(pair, UnixTime(since)).await
}

/// Whether what the table says of times can be taken at its word: a clock that has just been set differs from the one
/// that other rows were written under.
fn clock_agrees(state: &AppState, now: UnixTime) -> bool {
    let mut clock = state.steady_clock.lock().unwrap_or_else(PoisonError::into_inner);
    !clock.stepped_within(LONGEST_LIFE, now, state.world.uptime())
}

fn until(now: UnixTime, at: UnixTime) -> Duration {
    Duration::from_secs(at.seconds_since(now))
}

/// In whole seconds, rounded up: nobody is told to come too early.
fn whole(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}
