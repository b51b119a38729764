//! Builds the state for requests from the configuration: opens the store, finds or makes the secret, loads the
//! blocklist and the throttle. A server also announces its presence, and makes and rotates keys as the settings demand. A
//! command takes the keys as they are, and has none to sign with.

use std::io;
use std::path::Path;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use leptos::config::LeptosOptions;
use tokio::sync::{Notify, watch};

use crate::server::config::{Config, data_dir, sqlite_file};
use crate::server::domain::access_token::TokenRules;
use crate::server::domain::algorithm::{Algorithm, Family};
use crate::server::domain::audience::KnownAudiences;
use crate::server::domain::blocklist::Blocklist;
use crate::server::domain::client::KnownClients;
use crate::server::domain::crypto::{self, AnotherProvider};
use crate::server::domain::freshness::Freshness;
use crate::server::domain::gate_cookie::GateKey;
use crate::server::domain::ids::StoreId;
use crate::server::domain::jwt_secret::{JwtSecret, UnfitSecret};
use crate::server::domain::key_ring::{KeyRing, RingError};
use crate::server::domain::known_device::KnownDeviceKey;
use crate::server::domain::lesson::LessonKey;
use crate::server::domain::password::{Hasher, HashingFailed};
use crate::server::domain::past_purge::PastPurge;
use crate::server::domain::private_key::PrivateKey;
use crate::server::domain::refresh_token::RefreshTokenKey;
use crate::server::domain::sealing::SealingKey;
use crate::server::domain::setup_code::SetupCode;
use crate::server::domain::steady_clock::SteadyClock;
use crate::server::domain::throttle::Throttle;
use crate::server::domain::throttle_key::ThrottleKeys;
use crate::server::domain::verification_key::UnfitKey;
use crate::server::flows::{BlocklistFollower, KeySettings, KeysError, recall_tries, settle_keys};
use crate::server::hash_pool::HashPool;
use crate::server::mailer::Mailer;
use crate::server::measure::Measures;
use crate::server::news::News;
use crate::server::presence::{self, Presence, PresenceError};
use crate::server::private_files::{self, PrivateFileError};
use crate::server::site::{Embedded, Site};
use crate::server::state::{AppState, Inner};
use crate::server::store::{Store, StoreError};
use crate::server::world::World;

/// Why the server does not start. Each error prints as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    #[error("JWT_SECRET {0}; use random bytes, for example from: openssl rand -base64 64 | tr -d '\\n'")]
    UnfitSecret(UnfitSecret),
    #[error(
        "JWT_PRIVATE_KEY_FILE {path} {unfit}; use an unencrypted PKCS#8 key of JWT_ALGORITHM: openssl pkcs8 -topk8 -nocrypt"
    )]
    UnfitKey { path: String, unfit: UnfitKey },
    #[error(
        "JWT_SECRET is not the one that encrypted the keys in the store; set that one, or if you changed it on purpose run: handstamp key retire --all --now"
    )]
    AnotherSecret,
    #[error(
        "JWT_PRIVATE_KEY_FILE is not the file of the key {0}, which signs; set it to that file, or let the next key sign: handstamp key rotate --now"
    )]
    NotGiven(String),
    #[error("the keys in the store cannot be used: {0}; see: handstamp key list")]
    Keys(KeysError),
    #[error("LEPTOS_SITE_ROOT contains no files of the pages: {0}; unset it to use those in the binary")]
    Site(io::Error),
    #[error("{0}")]
    File(#[from] PrivateFileError),
    #[error("DATABASE_URL is locked by another process; stop that process, or wait until it has finished")]
    Locked,
    #[error("DATABASE_URL cannot be opened: {0}; check the path, its owner and the free space")]
    Store(StoreError),
    #[error(
        "DATABASE_URL: {0}; if a newer version has used the database, run that version; otherwise check the owner and the free space"
    )]
    Tables(StoreError),
    #[error(
        "DATABASE_URL is the target of an unfinished copy; repeat the command `handstamp store copy`, or delete that database"
    )]
    UnfinishedCopy,
    #[error(
        "PostgreSQL, at DATABASE_URL or DATABASE_LISTEN_URL, cannot be used: {0}; check the address, user and password, sslmode, and pg_hba.conf on its machine"
    )]
    Postgres(StoreError),
    #[error(
        "DATABASE_URL: {error}: {cause}; if a newer version has used the database, run that version; otherwise let the role create tables and own them"
    )]
    PostgresTables { error: StoreError, cause: String },
    #[error("{0}; build this program so that nothing in it installs or uses a provider before it starts")]
    Provider(#[from] AnotherProvider),
    #[error("{0}")]
    Presence(PresenceError),
    #[error("ARGON2_MEMORY_KIB, ARGON2_ITERATIONS and ARGON2_PARALLELISM cannot be combined; use the defaults")]
    Argon2(#[from] HashingFailed),
}

impl From<StoreError> for StartupError {
    fn from(error: StoreError) -> Self {
        if error.is_locked() {
            return Self::Locked;
        }
        match (error.is_of_postgres(), error) {
            (true, StoreError::Migrate(cause)) => {
                Self::PostgresTables { cause: cause.to_string(), error: StoreError::Migrate(cause) }
            }
            (true, error) => Self::Postgres(error),
            (false, error @ StoreError::Migrate(_)) => Self::Tables(error),
            (false, error) => Self::Store(error),
        }
    }
}

impl From<PresenceError> for StartupError {
    fn from(error: PresenceError) -> Self {
        if let PresenceError::Store(error) = error { error.into() } else { Self::Presence(error) }
    }
}

impl From<KeysError> for StartupError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Ring(RingError::DoesNotOpen(_)) => Self::AnotherSecret,
            KeysError::Ring(RingError::NotGiven(id)) => Self::NotGiven(id),
            KeysError::Store(error) => error.into(),
            other => Self::Keys(other),
        }
    }
}

/// Builds the state of a server. When this returns, the keys in the store are those that the settings demand, and the
/// blocklist in memory is that of the store.
///
/// # Errors
/// [`StartupError`].
pub async fn start(config: Config, world: World) -> Result<(AppState, BlocklistFollower), StartupError> {
    start_with_site(config, world, None).await
}

/// Like [`start`], with the pages' files from the binary.
///
/// # Errors
/// [`StartupError`].
pub async fn start_with_site(
    config: Config,
    world: World,
    embedded: Option<Embedded>,
) -> Result<(AppState, BlocklistFollower), StartupError> {
    crypto::install()?;
    let site = Site::open(config.site_root.clone(), embedded).map_err(StartupError::Site)?;
    make_private_place(&config.database.url)?;
    let secret = jwt_secret(&config, &world)?;
    let key_settings = key_settings(&config, &secret, given_key(&config, &secret)?, true);
    // Before the store is opened: a server that is refused changes nothing.
    let shared = key_settings.shared();
    let presence = if config.database.is_postgres() {
        presence::announce_on(&config.database, &shared).await?
    } else {
        presence::announce(config.sqlite_file().as_deref(), &shared)?
    };
    let store = match open_store(&config).await {
        Ok(store) => store,
        Err(error) => {
            presence.leave().await;
            return Err(error);
        }
    };
    let keys = settle_keys(&store, &world, &key_settings).await?;
    put_together(config, world, site, &secret, store, (key_settings, keys), presence).await
}

/// Builds the state of a command. It makes and changes no key, because the server's settings may differ. It can verify,
/// but not sign: it does not read the key file, which perhaps only the server can read.
///
/// # Errors
/// [`StartupError`].
pub async fn open(config: Config, world: World) -> Result<AppState, StartupError> {
    crypto::install()?;
    let site = Site::open(None, None).map_err(StartupError::Site)?;
    make_private_place(&config.database.url)?;
    let secret = jwt_secret(&config, &world)?;
    // The store has its real algorithm.
    let given = PrivateKey::from_secret(Algorithm::HS256, secret.expose_bytes()).ok();
    let key_settings = key_settings(&config, &secret, given, false);
    let store = open_store(&config).await?;
    let (version, kept) = store.list_signing_keys().await?;
    let keys = key_settings.open(version, &kept).map_err(KeysError::from)?;
    let (state, _) = put_together(config, world, site, &secret, store, (key_settings, keys), Presence::none()).await?;
    Ok(state)
}

/// Opens only the store, for a command that must work even if the secret or the keys are wrong.
///
/// # Errors
/// [`StartupError`].
pub async fn open_store(config: &Config) -> Result<Store, StartupError> {
    make_private_place(&config.database.url)?;
    let store = Store::open(config.database.clone()).await?;
    if store.is_unfinished_copy().await? {
        store.close().await;
        return Err(StartupError::UnfinishedCopy);
    }
    Ok(store)
}

async fn put_together(
    config: Config,
    world: World,
    site: Site,
    secret: &JwtSecret,
    store: Store,
    (key_settings, keys): (KeySettings, KeyRing),
    presence: Presence,
) -> Result<(AppState, BlocklistFollower), StartupError> {
    let refresh_key = RefreshTokenKey::derive(secret);
    let lesson_key = LessonKey::derive(secret).map_err(|_| StartupError::UnfitSecret(UnfitSecret::TooShort(32)))?;
    let hasher = Hasher::new(config.argon2_memory_kib, config.argon2_iterations, config.argon2_parallelism)?;
    let dummy_hash = hasher.dummy_hash(&world.random_bytes(), &world.random_bytes())?;

    let store_id = store.settle_id(StoreId::from_random(world.random_bytes())).await?;
    let setup_round = store.setup_round().await?;
    let setup_code = (!store.has_administrator().await?).then(|| {
        // One instance alone has a new one at each start, so that a link in an old log is worth nothing.
        if config.database.is_postgres() {
            SetupCode::derive(secret, store_id, setup_round)
        } else {
            SetupCode::from_random(world.random_bytes())
        }
    });
    let state = AppState::new(Inner {
        token_rules: TokenRules {
            issuer: config.jwt_issuer.clone(),
            audience: config.jwt_audience.clone(),
            client_id: config.jwt_client_id.clone(),
            lifetime: config.access_token_lifetime,
            fresh_for: config.fresh_for,
            leeway: config.leeway,
            additional: config.additional_claims.clone(),
        },
        session_rules: config.session_rules,
        refresh_key,
        gate_key: GateKey::derive(secret),
        key_settings,
        keys_seen: AtomicI64::new(keys.version),
        keys: ArcSwap::from_pointee(keys),
        lesson_key,
        news: News::of(store_id),
        steady_clock: Mutex::new(SteadyClock::begin(world.now(), world.uptime())),
        blocked: Notify::new(),
        stopping: watch::Sender::new(false),
        measures: Measures::begin(world.now()),
        throttle: Throttle::default(),
        throttle_keys: ThrottleKeys::derive(secret),
        known_device_key: KnownDeviceKey::derive(secret),
        authenticator_key: SealingKey::derive_for_authenticators(secret),
        hash_pool: HashPool::new(config.hash_concurrency, config.hash_queue),
        judging_pool: HashPool::new(1, config.hash_queue),
        mailer: Mailer::new(&config.mail, &config.data_dir(), &config.public_url, secret),
        site,
        leptos_options: LeptosOptions::builder()
            .output_name(env!("LEPTOS_OUTPUT_NAME"))
            .site_root(config.site_root.as_deref().unwrap_or(Path::new("")).to_string_lossy())
            .site_addr(config.site_addr)
            .reload_port(config.reload_port)
            .build(),
        blocklist: Blocklist::default(),
        freshness: Freshness::within(config.revocation_bound),
        follow_now: Arc::default(),
        past_purge: PastPurge::default(),
        known_clients: KnownClients::default(),
        known_audiences: KnownAudiences::default(),
        config,
        store,
        world,
        hasher,
        dummy_hash,
        setup_code,
        setup_round,
        presence,
    });

    state.past_purge.purge(state.store.purged_to().await?);
    let follower = BlocklistFollower::begin(&state).await?;
    recall_tries(&state).await?;
    Ok((state, follower))
}

/// Checks the secret and the key, from the settings or from an earlier start. `false`: the first start will make them.
/// Makes nothing.
///
/// # Errors
/// [`StartupError`], the same with which a start ends.
pub fn look_at_secrets(config: &Config) -> Result<bool, StartupError> {
    let kept = config.data_dir().join(KEPT_SECRET);
    let setting = match &config.jwt_secret {
        Some(setting) => setting.clone(),
        None if kept.exists() => private_files::read_secret(&kept)?,
        None => return Ok(false),
    };
    let secret = JwtSecret::parse(&setting, config.jwt_algorithm).map_err(StartupError::UnfitSecret)?;
    given_key(config, &secret).map(|_| true)
}

/// The file of the generated secret, beside the database.
pub const KEPT_SECRET: &str = "jwt_secret";

fn jwt_secret(config: &Config, world: &World) -> Result<JwtSecret, StartupError> {
    let new = || JwtSecret::setting_from_random(&world.random_bytes());
    let setting = match &config.jwt_secret {
        Some(setting) => setting.clone(),
        None => private_files::kept_secret(&config.data_dir().join(KEPT_SECRET), new)?,
    };
    JwtSecret::parse(&setting, config.jwt_algorithm).map_err(StartupError::UnfitSecret)
}

fn key_settings(config: &Config, secret: &JwtSecret, given: Option<PrivateKey>, signs: bool) -> KeySettings {
    KeySettings {
        algorithm: config.jwt_algorithm,
        given,
        sealing: SealingKey::derive(secret),
        token_time: config.access_token_lifetime + config.leeway,
        signs,
    }
}

/// The key from the settings: `JWT_SECRET` itself if a secret signs, else that of the file.
fn given_key(config: &Config, secret: &JwtSecret) -> Result<Option<PrivateKey>, StartupError> {
    if config.jwt_algorithm.family() == Family::Secret {
        let key = PrivateKey::from_secret(config.jwt_algorithm, secret.expose_bytes());
        return key
            .map(Some)
            .map_err(|_| StartupError::UnfitSecret(UnfitSecret::TooShort(config.jwt_algorithm.min_secret_bytes())));
    }
    let Some(path) = &config.jwt_private_key_file else { return Ok(None) };
    let key = PrivateKey::from_pem(config.jwt_algorithm, &private_files::read_key(path)?);
    key.map(Some).map_err(|unfit| StartupError::UnfitKey { path: path.display().to_string(), unfit })
}

/// Creates the folder for a database and the files beside it.
///
/// # Errors
/// [`PrivateFileError`].
pub fn make_private_place(database_url: &str) -> Result<(), PrivateFileError> {
    private_files::make_folder(&data_dir(database_url))?;
    if let Some(database) = sqlite_file(database_url) {
        // SQLite gives its other files the same mode.
        private_files::make_file(&database)?;
    }
    Ok(())
}
