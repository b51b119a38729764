//! Every setting: meaning, variable, default. A bad value stops the start with one line that names it and the fix.
//!
//! The only place that reads the environment. `.env.example` lists the same settings; a spec compares the two.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// What the server runs with.
pub struct Config {
    pub app_env: AppEnv,
    pub site_addr: SocketAddr,
    /// Without a slash at the end.
    pub public_url: String,
    pub database_url: String,
    /// Absent: generated once and kept beside the database.
    pub jwt_secret: Option<SecretString>,
    pub jwt_issuer: String,
    pub jwt_audience: String,
    pub access_token_lifetime: Duration,
    pub leeway: Duration,
    pub fresh_for: Duration,
    pub signup_open: bool,
    pub password_min_length: usize,
    pub argon2_memory_kib: u32,
    pub argon2_iterations: u32,
    pub argon2_parallelism: u32,
    pub hash_concurrency: usize,
    pub hash_queue: usize,
    pub log_json: bool,
    pub log_filter: String,
    /// Where `cargo leptos` put the pages' files.
    pub site_root: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppEnv {
    Development,
    Production,
}

/// A row of the table of settings.
pub struct Setting {
    pub name: &'static str,
    /// As `--help` and `.env.example` print it.
    pub default: &'static str,
    pub meaning: &'static str,
}

/// The table of settings, as `handstamp --help` prints it.
pub const SETTINGS: [Setting; 20] = [
    setting("APP_ENV", "development", "`production`: PUBLIC_URL is required and sign-up is closed"),
    setting("LEPTOS_SITE_ADDR", "127.0.0.1:3000", "where it listens"),
    setting("PUBLIC_URL", "http://<LEPTOS_SITE_ADDR>", "issuer of the tokens, and the own origin"),
    setting("DATABASE_URL", "sqlite:data/handstamp.db", "where accounts, sessions and the blocklist are kept"),
    setting("JWT_SECRET", "generated once", "32 bytes or more; `base64:` before binary"),
    setting("JWT_ALGORITHM", "HS256", "how tokens are signed"),
    setting("JWT_ISSUER", "<PUBLIC_URL>", "the claim `iss`"),
    setting("JWT_AUDIENCE", "handstamp", "the claim `aud`"),
    setting("JWT_ACCESS_TOKEN_EXPIRES", "60m", "how long a token is valid, at most 60m"),
    setting("JWT_LEEWAY", "0s", "how far clocks may differ, at most 60s"),
    setting("FRESH_FOR", "10m", "how long a typed password counts as just typed"),
    setting("SIGNUP", "open (closed in production)", "whether anybody may make an account"),
    setting("PASSWORD_MIN_LENGTH", "15", "in characters, at least 8"),
    setting("ARGON2_MEMORY_KIB", "19456", "memory of one password hash; also the floor"),
    setting("ARGON2_ITERATIONS", "2", "passes of one password hash; also the floor"),
    setting("ARGON2_PARALLELISM", "1", "lanes of one password hash; also the floor"),
    setting("HASH_CONCURRENCY", "number of cores", "how many passwords are hashed at a time"),
    setting("HASH_QUEUE", "64", "how many more may wait; beyond that: 503"),
    setting("LOG_FORMAT", "text", "`json` for machines"),
    setting("RUST_LOG", "info", "what is logged"),
];

const fn setting(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default, meaning }
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSetting {
    pub name: &'static str,
    pub problem: String,
    pub fix: &'static str,
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line, whatever the value held.
        write!(f, "{} {}; {}", self.name, self.problem.escape_debug(), self.fix)
    }
}

impl std::error::Error for BadSetting {}

/// Settings by name, before they are understood.
#[derive(Default)]
pub struct Settings(HashMap<String, String>);

impl Settings {
    /// The process environment, and for what it does not say the file `.env` of the current folder, then the one beside
    /// the binary.
    ///
    /// # Errors
    /// [`BadSetting`] for a `.env` that cannot be read.
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn gather() -> Result<Self, BadSetting> {
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(".env")));
        let mut settings: HashMap<String, String> = HashMap::new();
        for file in beside.into_iter().chain([PathBuf::from(".env")]).filter(|file| file.is_file()) {
            let unreadable =
                |_| bad(".env", "cannot be read", "write one NAME=value a line, with quotes around spaces");
            for line in dotenvy::from_path_iter(&file).map_err(unreadable)? {
                let (name, value) = line.map_err(unreadable)?;
                settings.insert(name, value);
            }
        }
        // What is not Unicode is none of ours.
        settings.extend(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
        Ok(Self(settings))
    }

    /// Settings from pairs, for specs.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// A setting that is there and not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn one_of<T: Copy>(
        &self,
        name: &'static str,
        words: &[(&str, T)],
        fix: &'static str,
    ) -> Result<Option<T>, BadSetting> {
        self.get(name)
            .map(|value| {
                let word = words.iter().find(|(word, _)| *word == value);
                word.map(|(_, meaning)| *meaning).ok_or_else(|| unusable(name, value, fix))
            })
            .transpose()
    }

    fn number<T: std::str::FromStr + PartialOrd>(
        &self,
        name: &'static str,
        default: T,
        range: std::ops::RangeInclusive<T>,
        fix: &'static str,
    ) -> Result<T, BadSetting> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let number = value.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| unusable(name, value, fix))
    }

    fn duration(
        &self,
        name: &'static str,
        default: Duration,
        range: std::ops::RangeInclusive<Duration>,
        fix: &'static str,
    ) -> Result<Duration, BadSetting> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let duration = humantime::parse_duration(value).ok();
        // Tokens count whole seconds.
        let duration = duration.filter(|duration| range.contains(duration) && duration.subsec_nanos() == 0);
        duration.ok_or_else(|| unusable(name, value, fix))
    }
}

impl Config {
    /// Understands the settings.
    ///
    /// # Errors
    /// The first [`BadSetting`].
    pub fn from_settings(settings: &Settings) -> Result<Self, BadSetting> {
        refuse_what_this_version_lacks(settings)?;
        let app_env = settings
            .one_of(
                "APP_ENV",
                &[("development", AppEnv::Development), ("production", AppEnv::Production)],
                "use `development` or `production`",
            )?
            .unwrap_or(AppEnv::Development);
        let addr = settings.get("LEPTOS_SITE_ADDR").unwrap_or("127.0.0.1:3000");
        let site_addr = addr
            .parse()
            .map_err(|_| unusable("LEPTOS_SITE_ADDR", addr, "use an address and a port, like 127.0.0.1:3000"))?;
        let public_url = public_url(settings, app_env, site_addr)?;
        let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
        Ok(Self {
            app_env,
            site_addr,
            database_url: database_url(settings)?,
            jwt_secret: settings.get("JWT_SECRET").map(Into::into),
            jwt_issuer: settings.get("JWT_ISSUER").unwrap_or(&public_url).to_owned(),
            jwt_audience: settings.get("JWT_AUDIENCE").unwrap_or("handstamp").to_owned(),
            access_token_lifetime: settings.duration(
                "JWT_ACCESS_TOKEN_EXPIRES",
                // As long as allowed, until there are refresh tokens.
                hour,
                Duration::from_secs(1)..=hour,
                "use whole seconds or minutes, like 5m, at most 60m",
            )?,
            leeway: settings.duration("JWT_LEEWAY", Duration::ZERO, Duration::ZERO..=minute, "use 0s to 60s")?,
            fresh_for: settings.duration("FRESH_FOR", 10 * minute, Duration::ZERO..=24 * hour, "use 0s to 24h")?,
            signup_open: settings
                .one_of("SIGNUP", &[("open", true), ("closed", false)], "use `open` or `closed`")?
                .unwrap_or(app_env == AppEnv::Development),
            password_min_length: settings.number("PASSWORD_MIN_LENGTH", 15, 8..=256, "use 8 to 256")?,
            argon2_memory_kib: settings.number("ARGON2_MEMORY_KIB", 19456, 19456..=4_194_304, "use 19456 or more")?,
            argon2_iterations: settings.number("ARGON2_ITERATIONS", 2, 2..=64, "use 2 to 64")?,
            argon2_parallelism: settings.number("ARGON2_PARALLELISM", 1, 1..=64, "use 1 to 64")?,
            hash_concurrency: settings.number("HASH_CONCURRENCY", cores(), 1..=1024, "use 1 to 1024")?,
            hash_queue: settings.number("HASH_QUEUE", 64, 0..=65536, "use 0 to 65536")?,
            log_json: settings
                .one_of("LOG_FORMAT", &[("text", false), ("json", true)], "use `text` or `json`")?
                .unwrap_or(false),
            log_filter: settings.get("RUST_LOG").unwrap_or("info").to_owned(),
            site_root: settings.get("LEPTOS_SITE_ROOT").unwrap_or("target/site").into(),
            public_url,
        })
    }

    /// The folder of what the server keeps for itself: that of the SQLite file, where there is one.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        let file = self.sqlite_file();
        let folder = file.as_deref().and_then(std::path::Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        folder.map_or_else(|| PathBuf::from("data"), PathBuf::from)
    }

    /// The SQLite file, unless the database is in memory.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        let path = self.database_url.strip_prefix("sqlite:")?.split('?').next()?;
        let path = path.strip_prefix("//").unwrap_or(path);
        (path != ":memory:").then(|| path.into())
    }
}

/// A setting of the contract that would promise what this version does not do must not pass in silence.
fn refuse_what_this_version_lacks(settings: &Settings) -> Result<(), BadSetting> {
    let lacking = |name: &'static str, only: Option<&str>, fix: &'static str| match settings.get(name) {
        Some(value) if Some(value) != only => {
            Err(bad(name, format!("`{value}` is not supported by this version"), fix))
        }
        _ => Ok(()),
    };
    lacking("JWT_ALGORITHM", Some("HS256"), "use HS256, or leave it out")?;
    lacking("JWT_PRIVATE_KEY_FILE", None, "leave it out")?;
    lacking("ADDITIONAL_CLAIMS", None, "leave it out")?;
    lacking("TOKEN_STORAGE", Some("local"), "use local, or leave it out")
}

fn database_url(settings: &Settings) -> Result<String, BadSetting> {
    let url = settings.get("DATABASE_URL").unwrap_or("sqlite:data/handstamp.db");
    if url.starts_with("sqlite:") {
        return Ok(url.to_owned());
    }
    // The address may hold a password: it is not repeated.
    Err(bad(
        "DATABASE_URL",
        "is not an SQLite address",
        "use sqlite:path/to/file.db; this version serves on SQLite alone",
    ))
}

fn public_url(settings: &Settings, app_env: AppEnv, addr: SocketAddr) -> Result<String, BadSetting> {
    const FIX: &str = "use the address people type, like https://id.example.org, without a path";
    let Some(url) = settings.get("PUBLIC_URL") else {
        return match app_env {
            AppEnv::Development => Ok(format!("http://{addr}")),
            AppEnv::Production => Err(bad("PUBLIC_URL", "is missing, and APP_ENV is production", FIX)),
        };
    };
    let url = url.strip_suffix('/').unwrap_or(url);
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = host.filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']));
    host.map(|_| url.to_owned()).ok_or_else(|| unusable("PUBLIC_URL", url, FIX))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

fn unusable(name: &'static str, value: &str, fix: &'static str) -> BadSetting {
    bad(name, format!("cannot be `{value}`"), fix)
}

fn bad(name: &'static str, problem: impl Into<String>, fix: &'static str) -> BadSetting {
    BadSetting { name, problem: problem.into(), fix }
}
