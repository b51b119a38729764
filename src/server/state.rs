//! The state that every request can use.

use std::ops::Deref;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use tokio::sync::{Notify, watch};

use crate::server::config::Config;
use crate::server::domain::access_token::TokenRules;
use crate::server::domain::audience::KnownAudiences;
use crate::server::domain::blocklist::Blocklist;
use crate::server::domain::client::KnownClients;
use crate::server::domain::freshness::Freshness;
use crate::server::domain::gate_cookie::GateKey;
use crate::server::domain::key_ring::KeyRing;
use crate::server::domain::known_device::KnownDeviceKey;
use crate::server::domain::lesson::LessonKey;
use crate::server::domain::password::{Hasher, PasswordHash};
use crate::server::domain::past_purge::PastPurge;
use crate::server::domain::refresh_token::RefreshTokenKey;
use crate::server::domain::sealing::SealingKey;
use crate::server::domain::session::SessionRules;
use crate::server::domain::setup_code::SetupCode;
use crate::server::domain::steady_clock::SteadyClock;
use crate::server::domain::throttle::Throttle;
use crate::server::domain::throttle_key::ThrottleKeys;
use crate::server::flows::KeySettings;
use crate::server::hash_pool::HashPool;
use crate::server::mailer::Mailer;
use crate::server::measure::Measures;
use crate::server::news::News;
use crate::server::presence::Presence;
use crate::server::site::Site;
use crate::server::store::Store;
use crate::server::world::World;

/// The state of the process. Cloning it clones a pointer.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

/// The parts of [`AppState`].
pub struct Inner {
    pub config: Config,
    pub store: Store,
    pub world: World,
    pub token_rules: TokenRules,
    pub session_rules: SessionRules,
    pub refresh_key: RefreshTokenKey,
    pub gate_key: GateKey,
    pub key_settings: KeySettings,
    /// `flows::follow_keys` replaces the whole ring when keys change.
    pub keys: ArcSwap<KeyRing>,
    /// The newest version of the store's keys that was read, whether they were taken over or not.
    pub keys_seen: AtomicI64,
    pub lesson_key: LessonKey,
    pub blocklist: Blocklist,
    /// Whether `blocklist` is that of the store.
    pub freshness: Freshness,
    /// Notified when the store may have news for the blocklist.
    pub follow_now: Arc<Notify>,
    pub past_purge: PastPurge,
    pub known_clients: KnownClients,
    pub known_audiences: KnownAudiences,
    pub news: News,
    /// Decides whether a purge can trust the clock.
    pub steady_clock: Mutex<SteadyClock>,
    /// Notified of every new entry in the blocklist. A task with an open answer waits for the end of its session.
    pub blocked: Notify,
    /// Set when the process must stop. Tasks that wait for something stop waiting.
    pub stopping: watch::Sender<bool>,
    pub measures: Measures,
    /// The counts of attempts.
    pub throttle: Throttle,
    pub throttle_keys: ThrottleKeys,
    pub known_device_key: KnownDeviceKey,
    /// Encrypts the secrets of authenticator apps.
    pub authenticator_key: SealingKey,
    pub hash_pool: HashPool,
    /// The pool that judges new passwords: a separate one, so that this does not delay sign-ins.
    pub judging_pool: HashPool,
    pub hasher: Hasher,
    pub mailer: Mailer,
    /// A hash that belongs to no account. The password of an unknown user is compared with it, so that the answer takes
    /// the same time.
    pub dummy_hash: PasswordHash,
    /// Present if the store had no user when this process started.
    pub setup_code: Option<SetupCode>,
    /// How often a first account had been created at that time. The code works only for the next one.
    pub setup_round: i64,
    /// Of a server: that it runs on the store.
    pub presence: Presence,
    pub site: Site,
    pub leptos_options: LeptosOptions,
}

impl AppState {
    #[must_use]
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}
