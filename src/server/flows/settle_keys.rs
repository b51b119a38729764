//! Settles the key ring: makes the keys that are missing, takes over a key that a setting gives, removes what is over.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use tracing::info;

use crate::server::domain::algorithm::Algorithm;
use crate::server::domain::kept_keys::{self, CannotRotate, KeptKey, KeyState, Wanted};
use crate::server::domain::key_ring::{KeyRing, RingError};
use crate::server::domain::private_key::PrivateKey;
use crate::server::domain::sealing::SealingKey;
use crate::server::store::{Store, StoreError};
use crate::server::world::World;

/// How much longer than its tokens a retired key verifies: another process may sign with it until it has followed.
const LAG: Duration = Duration::from_secs(10);

/// What the settings say of keys.
pub struct KeySettings {
    pub algorithm: Algorithm,
    /// The key that `JWT_SECRET` or `JWT_PRIVATE_KEY_FILE` gives.
    pub given: Option<PrivateKey>,
    pub sealing: SealingKey,
    /// How long a token can be accepted after it was issued: lifetime and leeway.
    pub token_time: Duration,
}

/// The keys cannot be used, or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error(transparent)]
    Ring(#[from] RingError),
    #[error(transparent)]
    Rotate(#[from] CannotRotate),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeySettings {
    pub(super) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            algorithm: self.algorithm,
            given: self.given.as_ref().map(|given| given.id.as_str()),
            token_time: self.token_time + LAG,
        }
    }

    pub(super) fn open(&self, version: i64, keys: &[KeptKey]) -> Result<KeyRing, RingError> {
        KeyRing::open(version, keys, self.given.as_ref(), &self.sealing)
    }

    /// A new key, sealed.
    pub(super) fn make(&self, world: &World, state: KeyState) -> KeptKey {
        let key = world.new_key(self.algorithm);
        let sealed = self.sealing.seal(key.kept().expose_secret(), &key.id, world.random_bytes());
        info!(key.id = %key.id, "Made a key for {}", self.algorithm);
        KeptKey {
            sealed: Some(sealed),
            algorithm: self.algorithm,
            state,
            created_at: world.now(),
            id: key.id,
            public: key.public,
        }
    }

    fn given_key(&self, world: &World) -> Option<KeptKey> {
        self.given.as_ref().map(|given| KeptKey {
            id: given.id.clone(),
            algorithm: given.algorithm,
            state: KeyState::Active,
            created_at: world.now(),
            public: given.public.clone(),
            sealed: None,
        })
    }
}

/// Brings the store's keys in line with settings and time, and prepares them. Of two processes that start at once, one
/// makes the keys and the other takes them.
///
/// # Errors
/// [`KeysError`]; then nothing was changed.
pub async fn settle_keys(store: &Store, world: &World, settings: &KeySettings) -> Result<KeyRing, KeysError> {
    loop {
        let (version, kept) = store.list_signing_keys().await?;
        let (mut keys, missing) = kept_keys::settle(kept.clone(), &settings.wanted(), world.now());
        if missing.given {
            keys.extend(settings.given_key(world));
        }
        if missing.active {
            keys.push(settings.make(world, KeyState::Active));
        }
        if missing.next {
            keys.push(settings.make(world, KeyState::Next));
        }
        if keys == kept {
            return Ok(settings.open(version, &keys)?);
        }
        // Opened before it is kept: with the wrong secret nothing is to change.
        settings.open(version + 1, &keys)?;
        // Whether it was this process or another that changed them: they are read again.
        store.replace_signing_keys(version, &keys).await?;
    }
}
