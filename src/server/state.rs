//! What a request can reach.

use std::ops::Deref;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use tokio::sync::{Notify, watch};

use crate::server::config::Config;
use crate::server::domain::access_token::TokenRules;
use crate::server::domain::blocklist::Blocklist;
use crate::server::domain::key_ring::KeyRing;
use crate::server::domain::known_device::KnownDeviceKey;
use crate::server::domain::lesson::LessonKey;
use crate::server::domain::password::{Hasher, PasswordHash};
use crate::server::domain::past_purge::PastPurge;
use crate::server::domain::refresh_token::RefreshTokenKey;
use crate::server::domain::session::SessionRules;
use crate::server::domain::setup_code::SetupCode;
use crate::server::domain::steady_clock::SteadyClock;
use crate::server::domain::throttle::Throttle;
use crate::server::domain::throttle_key::ThrottleKeys;
use crate::server::flows::KeySettings;
use crate::server::hash_pool::HashPool;
use crate::server::measure::Measures;
use crate::server::presence::Presence;
use crate::server::site::Site;
use crate::server::store::Store;
use crate::server::world::World;

/// One for the whole process; cloning it clones a pointer.
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
    pub key_settings: KeySettings,
    /// Replaced whole when keys change; `flows::follow_keys` sees to that.
    pub keys: ArcSwap<KeyRing>,
    /// The newest version of the store's keys that was looked at, whether they were taken over or left alone.
    pub keys_seen: AtomicI64,
    pub lesson_key: LessonKey,
    pub blocklist: Blocklist,
    pub past_purge: PastPurge,
    /// The number of the newest row of the blocklist that is in memory: who waits for the next watches it.
    pub blocklist_seq: watch::Sender<i64>,
    /// Whether the clock can be believed by whoever purges.
    pub steady_clock: Mutex<SteadyClock>,
    /// Told of every entry that the blocklist takes: who keeps an answer open waits for the end of its session.
    pub blocked: Notify,
    /// Set when the process is to stop: whoever waits for something stops waiting.
    pub stopping: watch::Sender<bool>,
    pub measures: Measures,
    /// Who has tried to get in too often.
    pub throttle: Throttle,
    pub throttle_keys: ThrottleKeys,
    pub known_device_key: KnownDeviceKey,
    pub hash_pool: HashPool,
    /// Where passwords are judged that somebody is choosing: apart, so that this keeps nobody from signing in.
    pub judging_pool: HashPool,
    pub hasher: Hasher,
    /// A hash of nobody's password: what an unknown user is compared with, so that the answer takes as long.
    pub nobodys_hash: PasswordHash,
    /// Present where the store held no administrator when this process started.
    pub setup_code: Option<SetupCode>,
    /// How often an administrator had been made by setup then: the code is good for the next one and for no other.
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
