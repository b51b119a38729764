//! From settings to a state that requests can use: opens the store, finds or makes the secret, loads the blocklist.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leptos::config::LeptosOptions;
use secrecy::{ExposeSecret as _, SecretString};

use crate::app::page_facts::SiteFiles;
use crate::server::config::Config;
use crate::server::domain::access_token::TokenRules;
use crate::server::domain::blocklist::Blocklist;
use crate::server::domain::password::{Hasher, HashingFailed, Password};
use crate::server::domain::setup_code::SetupCode;
use crate::server::domain::signing_key::{JwtSecret, SigningKey, UnfitSecret};
use crate::server::flows::BlocklistFollower;
use crate::server::hash_pool::HashPool;
use crate::server::state::{AppState, Inner};
use crate::server::store::{Store, StoreError};
use crate::server::world::World;

/// Why the server does not start. Each prints as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    #[error("JWT_SECRET {0}; use 32 random bytes or more, for example from: openssl rand -base64 48")]
    UnfitSecret(UnfitSecret),
    #[error("{path} can be read by others (mode {mode:o}); run: chmod 600 {path}")]
    ReadableSecret { path: String, mode: u32 },
    #[error("{path} cannot be used: {cause}; check the folder's owner and mode")]
    File { path: String, cause: io::Error },
    #[error("DATABASE_URL cannot be opened: {0}; check the path, its owner and the free space")]
    Store(#[from] StoreError),
    #[error("ARGON2_MEMORY_KIB, ARGON2_ITERATIONS and ARGON2_PARALLELISM do not go together; use the defaults")]
    Argon2(#[from] HashingFailed),
}

/// Puts the state together. When this returns, the blocklist in memory is that of the store.
///
/// # Errors
/// [`StartupError`].
pub async fn start(config: Config, world: World) -> Result<(AppState, BlocklistFollower), StartupError> {
    make_private_dir(&config.data_dir())?;
    if let Some(database) = config.sqlite_file() {
        make_private_file(&database)?;
    }
    let key = SigningKey::hs256(&jwt_secret(&config, &world)?);
    let store = Store::open(&config.database_url).await?;

    let hasher = Hasher::new(config.argon2_memory_kib, config.argon2_iterations, config.argon2_parallelism)?;
    let nobody: SecretString = UNTYPEABLE.into();
    let nobody = Password::parse(&nobody).map_err(|_| HashingFailed)?;
    let nobodys_hash = hasher.hash(&nobody, &world.random_bytes())?;

    let setup_code = (!store.has_users().await?).then(|| SetupCode::from_random(world.random_bytes()));
    let state = AppState::new(Inner {
        token_rules: TokenRules {
            key,
            issuer: config.jwt_issuer.clone(),
            audience: config.jwt_audience.clone(),
            lifetime: config.access_token_lifetime,
            fresh_for: config.fresh_for,
            leeway: config.leeway,
        },
        hash_pool: HashPool::new(config.hash_concurrency, config.hash_queue),
        site_files: Arc::new(site_files()),
        leptos_options: LeptosOptions::builder()
            .output_name(env!("LEPTOS_OUTPUT_NAME"))
            .site_root(config.site_root.to_string_lossy())
            .site_addr(config.site_addr)
            .build(),
        blocklist: Blocklist::default(),
        config,
        store,
        world,
        hasher,
        nobodys_hash,
        setup_code,
    });

    let mut follower = BlocklistFollower::default();
    follower.catch_up(&state).await?;
    Ok((state, follower))
}

/// What the dummy hash was made of: that somebody could type it would not matter, as no account has this hash.
const UNTYPEABLE: &str = "\u{0}nobody\u{0}";

fn jwt_secret(config: &Config, world: &World) -> Result<JwtSecret, StartupError> {
    let setting = match &config.jwt_secret {
        Some(setting) => setting.clone(),
        None => kept_secret(&config.data_dir().join("jwt_secret"), world)?,
    };
    JwtSecret::parse(&setting).map_err(StartupError::UnfitSecret)
}

/// The secret of an earlier start, or a new one, kept before anything is signed with it.
fn kept_secret(path: &Path, world: &World) -> Result<SecretString, StartupError> {
    let failed = |cause| StartupError::File { path: path.display().to_string(), cause };
    match fs::metadata(path) {
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(StartupError::ReadableSecret { path: path.display().to_string(), mode });
            }
            fs::read_to_string(path).map(|text| text.trim().into()).map_err(failed)
        }
        Err(absent) if absent.kind() == io::ErrorKind::NotFound => {
            let secret = JwtSecret::setting_from_random(&world.random_bytes());
            // Written whole under another name first: a crash must not leave half a secret behind.
            let draft = path.with_extension("new");
            write_private(&draft, &secret).and_then(|()| fs::rename(&draft, path)).map_err(failed)?;
            Ok(secret)
        }
        Err(cause) => Err(failed(cause)),
    }
}

fn write_private(path: &Path, secret: &SecretString) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    writeln!(file, "{}", secret.expose_secret())?;
    file.sync_all()
}

fn make_private_dir(path: &Path) -> Result<(), StartupError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|cause| StartupError::File { path: path.display().to_string(), cause })
}

/// SQLite gives its other files the mode of this one.
fn make_private_file(path: &Path) -> Result<(), StartupError> {
    let made = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    made.map(|_| ()).map_err(|cause| StartupError::File { path: path.display().to_string(), cause })
}

/// The names that `cargo leptos` gave the files: it writes their hashes beside the binary. Without them (specs) the
/// plain names.
fn site_files() -> SiteFiles {
    let beside = |exe: PathBuf| Some(exe.parent()?.join("hash.txt"));
    let hashes = std::env::current_exe().ok().and_then(beside).and_then(|path| fs::read_to_string(path).ok());
    let hash = |kind: &str| {
        let lines = hashes.as_deref()?.lines();
        let found = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.trim() == kind);
        found.map(|(_, hash)| hash.trim().to_owned())
    };
    let name = |extension: &str| match hash(extension) {
        Some(hash) => format!("/pkg/{}.{hash}.{extension}", env!("LEPTOS_OUTPUT_NAME")),
        None => format!("/pkg/{}.{extension}", env!("LEPTOS_OUTPUT_NAME")),
    };
    SiteFiles { js: name("js"), wasm: name("wasm"), css: name("css") }
}
