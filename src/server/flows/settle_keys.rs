//! Settles the key ring: makes missing keys, adds a key from a setting, removes keys that are no longer needed.
//!
//! Servers alone do. A command may have other settings than the server beside it, and one that only looks must not replace
//! the keys of a server.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::task::spawn_blocking;
use tracing::{info, warn};

use crate::server::domain::algorithm::{Algorithm, Family};
use crate::server::domain::kept_keys::{self, CannotRotate, KeptKey, KeyState, Missing, Wanted};
use crate::server::domain::key_ring::{KeyRing, RingError};
use crate::server::domain::private_key::PrivateKey;
use crate::server::domain::readers;
use crate::server::domain::sealing::{DoesNotOpen, SealingKey};
use crate::server::store::{Store, StoreError};
use crate::server::world::World;

/// How much longer than its tokens a retired key verifies: another process may still sign with it until it has
/// followed.
const LAG: Duration = Duration::from_secs(10);

/// The settings for keys.
pub struct KeySettings {
    pub algorithm: Algorithm,
    /// The key from `JWT_SECRET` or `JWT_PRIVATE_KEY_FILE`.
    pub given: Option<PrivateKey>,
    pub sealing: SealingKey,
    /// How long a token can be accepted after it was issued: lifetime and leeway.
    pub token_time: Duration,
    /// Whether this process is a server. A command verifies, and changes the ring without being given the key of a file.
    pub signs: bool,
}

/// Why the keys cannot be used or changed.
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

    /// The settings that all servers on one store must have alike, by name: with others they take the ring from each other.
    /// `JWT_SECRET` is not among them: another one does not open the seals, which stops the start anyway.
    #[must_use]
    pub fn shared(&self) -> Vec<(&'static str, String)> {
        let file = self.given.as_ref().filter(|given| given.algorithm.family() == Family::KeyPair);
        // By the key itself: two machines may have it under two names.
        let key = file.map_or_else(|| "(none)".to_owned(), |given| format!("(key id {})", given.id));
        vec![("JWT_ALGORITHM", self.algorithm.to_string()), ("JWT_PRIVATE_KEY_FILE", key)]
    }

    /// Prepares the kept keys: all for a server; only those that verify for a command.
    ///
    /// # Errors
    /// [`RingError`]. Never for a command.
    pub fn open(&self, version: i64, keys: &[KeptKey]) -> Result<KeyRing, RingError> {
        let given = self.given.as_ref();
        if !self.signs {
            return Ok(KeyRing::open_to_verify(version, keys, given, &self.sealing));
        }
        KeyRing::open(version, keys, given, &self.sealing)
    }

    /// Whether the kept keys were sealed under this process's secret. A ring that was settled has one at least.
    ///
    /// # Errors
    /// [`DoesNotOpen`].
    pub fn check_seals(&self, keys: &[KeptKey]) -> Result<(), DoesNotOpen> {
        for key in keys {
            if let Some(sealed) = &key.sealed {
                self.sealing.open(sealed, &key.id)?;
            }
        }
        Ok(())
    }

    /// The algorithm of the kept keys, if it is another than that of the settings.
    pub(super) fn another_algorithm(&self, keys: &[KeptKey]) -> Option<Algorithm> {
        kept_keys::active(keys).map(|key| key.algorithm).filter(|kept| *kept != self.algorithm)
    }

    /// Makes the keys that the ring lacks.
    pub(super) async fn fill(&self, world: &World, keys: &mut Vec<KeptKey>, missing: Missing) {
        if missing.given {
            keys.extend(self.given_key(world));
        }
        if missing.active {
            keys.push(self.make(world, KeyState::Active).await);
        }
        if missing.next {
            keys.push(self.make(world, KeyState::Next).await);
        }
    }

    /// Makes a new, encrypted key.
    async fn make(&self, world: &World, state: KeyState) -> KeptKey {
        let (chance, algorithm) = (world.clone(), self.algorithm);
        // An RSA key takes half a second of a core.
        let made = spawn_blocking(move || chance.new_key(algorithm)).await;
        let key = made.expect("the operating system gives random bytes");
        let sealed = self.sealing.seal(key.kept().expose_secret(), &key.id, world.random_bytes());
        info!(key.id = %key.id, "Made a key for {algorithm}");
        KeptKey { sealed: Some(sealed), algorithm, state, created_at: world.now(), id: key.id, public: key.public }
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
        if let Some(ring) = try_to_settle(store, world, settings, version, kept).await? {
            return Ok(ring);
        }
    }
}

/// The same for a server that runs, but for a ring of another algorithm: `None`, and it stays as it is. A server that
/// started later has made it (`follow_keys.rs`).
///
/// # Errors
/// [`KeysError`]; then nothing was changed.
pub(super) async fn settle_own_keys(
    store: &Store,
    world: &World,
    settings: &KeySettings,
) -> Result<Option<KeyRing>, KeysError> {
    loop {
        let (version, kept) = store.list_signing_keys().await?;
        if settings.another_algorithm(&kept).is_some() {
            return Ok(None);
        }
        if let Some(ring) = try_to_settle(store, world, settings, version, kept).await? {
            return Ok(Some(ring));
        }
    }
}

/// `None` if the keys have changed, by this process or by another: they must be read again.
async fn try_to_settle(
    store: &Store,
    world: &World,
    settings: &KeySettings,
    version: i64,
    kept: Vec<KeptKey>,
) -> Result<Option<KeyRing>, KeysError> {
    let (mut keys, missing) = kept_keys::settle(kept.clone(), &settings.wanted(), world.now());
    settings.fill(world, &mut keys, missing).await;
    if keys == kept {
        return Ok(Some(settings.open(version, &keys)?));
    }
    // Decrypted before it is stored: with the wrong secret, nothing must change.
    settings.open(version + 1, &keys)?;
    if store.replace_signing_keys(version, &keys).await?
        && let Some(kept) = settings.another_algorithm(&kept)
    {
        info!(
            "The algorithm has changed from {kept} to {}: each key has one algorithm, so another key signs now",
            settings.algorithm
        );
        if let Some(stopped) = readers::stopped_by(kept, settings.algorithm) {
            warn!("The key set has keys of a new kind, which stops some services: {stopped}");
        }
    }
    Ok(None)
}
