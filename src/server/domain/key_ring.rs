//! The keys in memory, parsed and checked: one signs, all keys of the ring verify. The whole ring is replaced when the
//! keys in the store change.
//!
//! Remembers tokens that passed every check that does not depend on the clock: such a token then costs one lookup, with
//! any algorithm. A new ring remembers nothing, so that no token outlives its key here. The caller checks expiry and
//! revocation every time.

use std::sync::Arc;

use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::Jwk;
use secrecy::ExposeSecret as _;

use super::accepted_token::AcceptedToken;
use super::algorithm::Algorithm;
use super::kept_keys::{self, KeptKey, KeyState};
use super::key_set::{KeySet, KeySets};
use super::private_key::PrivateKey;
use super::remembered::Remembered;
use super::sealing::{DoesNotOpen, SealingKey};
use super::unix_time::UnixTime;
use super::verification_key::{UnfitKey, VerificationKey};

/// The kept keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    #[error(transparent)]
    DoesNotOpen(#[from] DoesNotOpen),
    #[error("the kept key {id} {unfit}")]
    Unfit { id: String, unfit: UnfitKey },
    #[error("the active key {0} comes from a setting that this process does not have")]
    NotGiven(String),
    #[error("there is no active key; a server makes one when it starts")]
    NoActive,
    #[error(
        "the keys in the store are for {kept} and JWT_ALGORITHM is {wanted} here; set JWT_ALGORITHM={kept}, as the server has it"
    )]
    AnotherAlgorithm { kept: Algorithm, wanted: Algorithm },
}

/// The keys at one moment.
pub struct KeyRing {
    /// The version of the store's keys that were read.
    pub version: i64,
    /// Absent if this process only verifies.
    active: Option<SigningKey>,
    verifying: Vec<RingKey>,
    key_sets: KeySets,
    remembered: Remembered<KnownToken>,
}

/// The key that signs.
pub struct SigningKey {
    pub id: String,
    pub algorithm: Algorithm,
    encoding: EncodingKey,
}

/// A key that verifies.
pub struct RingKey {
    pub id: String,
    pub verification: VerificationKey,
    /// For a retired key: when it stops.
    verifies_until: Option<UnixTime>,
    /// Absent for a secret, which is never published.
    public: Option<Jwk>,
}

impl KeyRing {
    /// Prepares the kept keys. `given`: the key from the settings, whose private part is not in the store.
    ///
    /// # Errors
    /// [`RingError`].
    pub fn open(
        version: i64,
        kept: &[KeptKey],
        given: Option<&PrivateKey>,
        sealing: &SealingKey,
    ) -> Result<Self, RingError> {
        let mut active = None;
        let mut verifying = Vec::new();
        for key in kept_keys::verifying(kept) {
            let opened = open_sealed(key, sealing)?;
            let private = opened.as_ref().or_else(|| given.filter(|given| given.id == key.id));
            if key.state == KeyState::Active {
                let private = private.ok_or_else(|| RingError::NotGiven(key.id.clone()))?;
                active = Some(SigningKey {
                    id: key.id.clone(),
                    algorithm: key.algorithm,
                    encoding: private.encoding().clone(),
                });
            }
            verifying.extend(RingKey::of(key, private)?);
        }
        let active = Some(active.ok_or(RingError::NoActive)?);
        Ok(Self::with(version, active, verifying))
    }

    /// Prepares only verification, nothing that signs: a key pair needs no private key for that. Keys that cannot be
    /// decrypted are left out.
    #[must_use]
    pub fn open_to_verify(version: i64, kept: &[KeptKey], given: Option<&PrivateKey>, sealing: &SealingKey) -> Self {
        let verifying = kept_keys::verifying(kept).into_iter().filter_map(|key| {
            let opened = if key.public.is_some() { None } else { open_sealed(key, sealing).ok()? };
            let private = opened.as_ref().or_else(|| given.filter(|given| given.id == key.id));
            RingKey::of(key, private).ok()?
        });
        Self::with(version, None, verifying.collect())
    }

    fn with(version: i64, active: Option<SigningKey>, verifying: Vec<RingKey>) -> Self {
        let public = verifying.iter().filter_map(|key| Some((key.public.as_ref()?, key.verifies_until)));
        let key_sets = KeySets::of(&public.collect::<Vec<_>>());
        Self { version, active, verifying, key_sets, remembered: Remembered::new() }
    }

    /// The key that signs.
    ///
    /// # Panics
    /// If the ring was opened only to verify: such a process issues no tokens.
    #[must_use]
    pub fn active(&self) -> &SigningKey {
        self.active.as_ref().expect("this process signs")
    }

    /// Returns the key with this id, if it still verifies. The id is untrusted input: it is only compared.
    #[must_use]
    pub fn find(&self, id: &str, now: UnixTime) -> Option<&RingKey> {
        self.verifying.iter().find(|key| key.id == id).filter(|key| key.verifies(now))
    }

    /// Returns the public keys: the active one first, then the next, then retired ones.
    #[must_use]
    pub fn key_set(&self, now: UnixTime) -> &KeySet {
        self.key_sets.at(now)
    }

    /// Returns the remembered token with this text, if its key still verifies.
    pub(super) fn seen(&self, text: &str, now: UnixTime) -> Option<Arc<AcceptedToken>> {
        let known = self.remembered.get(text)?;
        known.key_verifies_until.is_none_or(|until| now < until).then_some(known.token)
    }

    /// Remembers a token that this key signed.
    pub(super) fn remember(&self, text: &str, token: &Arc<AcceptedToken>, key: &RingKey) {
        let known = KnownToken { token: Arc::clone(token), key_verifies_until: key.verifies_until };
        self.remembered.insert(text, known);
    }

    /// Returns this ring without a memory: every token is verified as if it were new.
    #[must_use]
    pub fn without_memory(mut self) -> Self {
        self.remembered = Remembered::none();
        self
    }
}

impl SigningKey {
    pub(super) const fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }
}

impl RingKey {
    /// Prepares a kept key. `None` for a secret that is no longer in the settings: the operator removed it on purpose.
    fn of(key: &KeptKey, private: Option<&PrivateKey>) -> Result<Option<Self>, RingError> {
        let verification = match (&key.public, private) {
            (Some(public), _) => VerificationKey::from_jwk(public),
            // Uses the kept algorithm: the setting may have changed since.
            (None, Some(secret)) => VerificationKey::from_secret(key.algorithm, secret.kept().expose_secret()),
            (None, None) => return Ok(None),
        };
        let verification = verification.map_err(|unfit| unfit_key(key, unfit))?;
        let verifies_until = key.state.verifies_until();
        Ok(Some(Self { id: key.id.clone(), verification, verifies_until, public: key.public.clone() }))
    }

    fn verifies(&self, now: UnixTime) -> bool {
        self.verifies_until.is_none_or(|until| now < until)
    }
}

/// Returns the private key from the store; `None` if it comes from a setting.
fn open_sealed(key: &KeptKey, sealing: &SealingKey) -> Result<Option<PrivateKey>, RingError> {
    let Some(sealed) = &key.sealed else { return Ok(None) };
    let opened = PrivateKey::from_kept(key.algorithm, &sealing.open(sealed, &key.id)?);
    opened.map(Some).map_err(|unfit| unfit_key(key, unfit))
}

fn unfit_key(key: &KeptKey, unfit: UnfitKey) -> RingError {
    RingError::Unfit { id: key.id.clone(), unfit }
}

#[derive(Clone)]
struct KnownToken {
    token: Arc<AcceptedToken>,
    key_verifies_until: Option<UnixTime>,
}
