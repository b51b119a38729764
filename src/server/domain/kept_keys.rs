//! The life of a signing key in the store: `next` → `active` → `retired` → gone.
//!
//! Pure transitions over the whole list: the store replaces the whole list, or nothing. Knows no cryptography.

use std::time::Duration;

use jsonwebtoken::jwk::Jwk;

use super::algorithm::Algorithm;
use super::unix_time::UnixTime;

/// A key as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptKey {
    pub id: String,
    pub algorithm: Algorithm,
    pub state: KeyState,
    pub created_at: UnixTime,
    /// The public key; `None` for a secret.
    pub public: Option<Jwk>,
    /// The private key, encrypted. `None` if it comes from a setting (`JWT_SECRET`, `JWT_PRIVATE_KEY_FILE`).
    pub sealed: Option<String>,
}

/// The state of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not yet signing: readers of our JWKS have it before the first token that needs it.
    Next,
    /// Signs and verifies.
    Active,
    /// Verifies until the last token that it signed has expired.
    Retired { verifies_until: UnixTime },
    /// Retired in an emergency: its tokens are rejected at once. Only for a key from a setting, because it would come
    /// back at the next start. Other keys are removed instead.
    Barred,
}

impl KeyState {
    /// Returns the name that is shown and stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired { .. } => "retired",
            Self::Barred => "barred",
        }
    }

    /// The place in the key set: a reader that ignores `kid` stops at the first key of a type that it does not expect.
    const fn place(self) -> u8 {
        match self {
            Self::Active => 0,
            Self::Next => 1,
            Self::Retired { .. } => 2,
            Self::Barred => 3,
        }
    }

    /// Returns when a retired key stops verifying.
    #[must_use]
    pub const fn verifies_until(self) -> Option<UnixTime> {
        match self {
            Self::Retired { verifies_until } => Some(verifies_until),
            Self::Next | Self::Active | Self::Barred => None,
        }
    }
}

/// Why the keys were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotRotate {
    #[error("there is no key with this id; `handstamp key list` shows them")]
    NoSuchKey,
    #[error("the key is already retired; with --now its tokens are rejected at once")]
    RetiredAlready,
    /// Seconds until every kept copy of the JWKS contains the next key.
    #[error(
        "the next key was published too short a time ago for services that keep our JWKS for 5 minutes; wait {0} s, or do not wait for them: handstamp key rotate --now"
    )]
    NextTooYoung(u64),
}

/// How long other services may keep our JWKS: the `max-age` in `http/routes/well_known.rs`.
pub const JWKS_MAX_AGE: Duration = Duration::from_mins(5);

/// The keys that verify, in the order of the key set: the active one first, then the next, then retired ones.
#[must_use]
pub fn verifying(kept: &[KeptKey]) -> Vec<&KeptKey> {
    let mut keys: Vec<_> = kept.iter().filter(|key| key.state != KeyState::Barred).collect();
    keys.sort_by_key(|key| key.state.place());
    keys
}

/// What the settings demand of the keys.
pub struct Wanted<'s> {
    pub algorithm: Algorithm,
    /// The id of the key from a setting, if there is one.
    pub given: Option<&'s str>,
    /// How long a retired key is needed: the lifetime of a token, the leeway, and the delay until other processes
    /// follow.
    pub token_time: Duration,
}

/// Keys that must be made so that the ring is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// The key from the settings is new to the ring and becomes active.
    pub given: bool,
    pub active: bool,
    pub next: bool,
}

/// Changes the keys to match the settings and the time, and returns which must still be made.
///
/// The key from a setting becomes active if the ring has not seen it, or if the algorithm has changed back to its own.
/// If a command rotated it away, it stays away. A key has one algorithm for its whole life: if the same secret or file
/// comes with another algorithm, the key retires with its old algorithm, so that its tokens stay valid, and a new key
/// signs.
#[must_use]
pub fn settle(mut keys: Vec<KeptKey>, wanted: &Wanted, now: UnixTime) -> (Vec<KeptKey>, Missing) {
    let algorithm_changed = keys.iter().any(|key| key.state == KeyState::Active && key.algorithm != wanted.algorithm);
    // A ring never contains both a secret and a public key (RFC 8725, section 2.1): keys of the other family are
    // removed at once.
    keys.retain(|key| key.algorithm.family() == wanted.algorithm.family() || key.state == KeyState::Barred);
    keys.retain(|key| key.state != KeyState::Next || key.algorithm == wanted.algorithm);
    keys.retain(|key| key.sealed.is_none() || !key.is_over(now));

    let known = wanted.given.and_then(|id| keys.iter().position(|key| key.id == id));
    let comes_back =
        |key: &KeptKey| algorithm_changed && key.algorithm == wanted.algorithm && key.state != KeyState::Barred;
    let given_takes_over = wanted.given.is_some() && known.is_none_or(|index| comes_back(&keys[index]));
    if given_takes_over || algorithm_changed {
        retire_active(&mut keys, wanted, now);
    }
    if given_takes_over && let Some(index) = known {
        keys.remove(index);
    }
    if !given_takes_over && active(&keys).is_none() {
        activate_next(&mut keys);
    }
    let missing = missing(&keys);
    (keys, Missing { given: given_takes_over, active: missing.active && !given_takes_over, ..missing })
}

/// Returns what is missing in the ring, apart from the key of the settings.
#[must_use]
pub fn missing(keys: &[KeptKey]) -> Missing {
    let next = keys.iter().any(|key| key.state == KeyState::Next);
    Missing { given: false, active: active(keys).is_none(), next: !next }
}

/// The key that signs.
#[must_use]
pub fn active(keys: &[KeptKey]) -> Option<&KeptKey> {
    keys.iter().find(|key| key.state == KeyState::Active)
}

/// Makes the next key active and retires the active one. After that, a next key is [`missing`]. Without `hurry`, other
/// services must have had time to fetch the key that will sign.
///
/// # Errors
/// [`CannotRotate`].
pub fn rotate(
    mut keys: Vec<KeptKey>,
    wanted: &Wanted,
    hurry: bool,
    now: UnixTime,
) -> Result<Vec<KeptKey>, CannotRotate> {
    if !hurry {
        expect_published_next(&keys, now)?;
    }
    retire_active(&mut keys, wanted, now);
    activate_next(&mut keys);
    Ok(keys)
}

/// Takes one key out of use. Its tokens are valid until they expire; with `at_once` they are rejected now. If another
/// key must sign after that, other services must have had time to fetch it, except with `at_once`. [`missing`] returns
/// what the ring lacks afterwards.
///
/// # Errors
/// [`CannotRotate`].
pub fn retire(
    mut keys: Vec<KeptKey>,
    id: &str,
    wanted: &Wanted,
    at_once: bool,
    now: UnixTime,
) -> Result<Vec<KeptKey>, CannotRotate> {
    let index = keys.iter().position(|key| key.id == id).ok_or(CannotRotate::NoSuchKey)?;
    match keys[index].state {
        KeyState::Barred => return Err(CannotRotate::RetiredAlready),
        KeyState::Retired { .. } if !at_once => return Err(CannotRotate::RetiredAlready),
        KeyState::Next => {
            // It has signed nothing.
            keys.remove(index);
            return Ok(keys);
        }
        KeyState::Active => {
            if !at_once {
                expect_published_next(&keys, now)?;
            }
            retire_active(&mut keys, wanted, now);
            activate_next(&mut keys);
        }
        KeyState::Retired { .. } => {}
    }
    if at_once {
        let key = &mut keys[index];
        if key.sealed.is_some() {
            keys.remove(index);
        } else {
            key.state = KeyState::Barred;
        }
    }
    Ok(keys)
}

impl KeptKey {
    /// Returns whether the key no longer verifies.
    #[must_use]
    pub fn is_over(&self, now: UnixTime) -> bool {
        match self.state {
            KeyState::Next | KeyState::Active => false,
            KeyState::Retired { verifies_until } => now >= verifies_until,
            KeyState::Barred => true,
        }
    }
}

/// Checks that the next key was published for [`JWKS_MAX_AGE`], so that every kept copy of the JWKS contains it. A
/// secret is never published.
fn expect_published_next(keys: &[KeptKey], now: UnixTime) -> Result<(), CannotRotate> {
    let next = keys.iter().find(|key| key.state == KeyState::Next).filter(|next| next.public.is_some());
    let wait = next.map_or(0, |next| JWKS_MAX_AGE.as_secs().saturating_sub(now.seconds_since(next.created_at)));
    if wait > 0 { Err(CannotRotate::NextTooYoung(wait)) } else { Ok(()) }
}

fn retire_active(keys: &mut [KeptKey], wanted: &Wanted, now: UnixTime) {
    for key in keys.iter_mut().filter(|key| key.state == KeyState::Active) {
        key.state = KeyState::Retired { verifies_until: now.plus(wanted.token_time) };
    }
}

fn activate_next(keys: &mut [KeptKey]) {
    if let Some(next) = keys.iter_mut().find(|key| key.state == KeyState::Next) {
        next.state = KeyState::Active;
    }
}

#[cfg(test)]
#[path = "kept_keys_tests.rs"]
mod tests;
