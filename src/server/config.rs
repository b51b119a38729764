//! The configuration, parsed from the settings. A bad value stops the start with one line that names it and the fix.
//! `config/settings.rs` has the table of names, meanings and defaults.

mod database;
mod mail;
mod passkeys;
mod settings;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;

pub use self::mail::{MailSettings, MailWay};
pub use self::settings::{BadSetting, SETTINGS, Setting, Settings};
use self::settings::{bad, unusable};
use crate::server::domain::access_token::LONGEST_LIFETIME;
use crate::server::domain::additional_claims::AdditionalClaims;
use crate::server::domain::algorithm::{Algorithm, Family};
use crate::server::domain::claims::can_be_client_id;
use crate::server::domain::database::Database;
use crate::server::domain::forwarded::TrustedProxies;
use crate::server::domain::gate::{CookieDomain, Gate};
use crate::server::domain::metrics_token::MetricsToken;
use crate::server::domain::relying_party::RelyingParty;
use crate::server::domain::required_factor::RequiredOf;
use crate::server::domain::session::{Lifetime, SessionRules};
use crate::server::domain::web_origins::{NotAnOrigin, WebOrigins};

/// The configuration of the server.
pub struct Config {
    pub app_env: AppEnv,
    pub site_addr: SocketAddr,
    /// Without a slash at the end.
    pub public_url: String,
    pub database: Database,
    /// How old the blocklist in memory may be: a process that has not heard from the store for longer answers 503.
    pub revocation_bound: Duration,
    /// Absent: generated once and kept beside the database.
    pub jwt_secret: Option<SecretString>,
    pub jwt_algorithm: Algorithm,
    /// Absent: the server makes a key and keeps it in the store.
    pub jwt_private_key_file: Option<PathBuf>,
    pub jwt_issuer: String,
    pub jwt_audience: String,
    /// Absent: tokens have no `client_id`.
    pub jwt_client_id: Option<String>,
    pub access_token_lifetime: Duration,
    pub session_rules: SessionRules,
    /// Where a page keeps the access token: one of [`TOKEN_STORAGES`].
    pub token_storage: &'static str,
    pub leeway: Duration,
    pub fresh_for: Duration,
    /// Who must have a second factor.
    pub require_second_factor: RequiredOf,
    pub additional_claims: AdditionalClaims,
    /// Whether the tutorial's doors `/sign-token` and `/verify-token` exist.
    pub lesson: bool,
    pub signup_open: bool,
    pub password_min_length: usize,
    pub argon2_memory_kib: u32,
    pub argon2_iterations: u32,
    pub argon2_parallelism: u32,
    pub hash_concurrency: usize,
    pub hash_queue: usize,
    /// The proxies from which `X-Forwarded-For` is read.
    pub trusted_proxies: TrustedProxies,
    /// The origins whose pages may call the machine doors.
    pub cors_origins: WebOrigins,
    /// What `/forward-auth` protects.
    pub gate: Gate,
    /// Absent: the host of the public URL is an address, and browsers make passkeys for names only.
    pub relying_party: Option<RelyingParty>,
    pub mail: MailSettings,
    /// Absent: `/metrics` answers only this machine.
    pub metrics_token: Option<MetricsToken>,
    pub log_json: bool,
    pub log_filter: String,
    /// The files `.env` that hold secrets.
    pub secret_files: Vec<PathBuf>,
    /// The folder of the pages' files, if they are not in the binary: `cargo leptos watch` sets it.
    pub site_root: Option<PathBuf>,
    /// Where `cargo leptos watch` tells a page that its source has changed: it sets this too.
    pub reload_port: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppEnv {
    Development,
    Production,
}

/// In the browser's storage for all tabs, for one tab, or nowhere: then every page gets a new one from the cookie. The
/// browser's part (`app/browser/storage.rs`) reads these words.
pub const TOKEN_STORAGES: [&str; 3] = ["local", "session", "memory"];

/// The longest lifetime of a session without "Keep me signed in".
const LONGEST_BRIEF: Duration = Duration::from_hours(12);

impl Config {
    /// Parses the settings.
    ///
    /// # Errors
    /// The first [`BadSetting`].
    pub fn from_settings(settings: &Settings) -> Result<Self, BadSetting> {
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
        let jwt_algorithm = algorithm(settings)?;
        let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
        Ok(Self {
            app_env,
            site_addr,
            database: database::database(settings)?,
            revocation_bound: database::revocation_bound(settings)?,
            jwt_secret: jwt_secret(settings)?,
            jwt_issuer: settings.get("JWT_ISSUER").unwrap_or(&public_url).to_owned(),
            jwt_audience: settings.get("JWT_AUDIENCE").unwrap_or("handstamp").to_owned(),
            jwt_client_id: client_id(settings)?,
            access_token_lifetime: settings.duration(
                "JWT_ACCESS_TOKEN_EXPIRES",
                5 * minute,
                Duration::from_secs(1)..=LONGEST_LIFETIME,
                "use whole seconds or minutes, like 5m, at most 60m",
            )?,
            session_rules: session_rules(settings)?,
            token_storage: settings
                .one_of("TOKEN_STORAGE", &TOKEN_STORAGES.map(|place| (place, place)), "use local, session or memory")?
                .unwrap_or(TOKEN_STORAGES[0]),
            jwt_private_key_file: private_key_file(settings, jwt_algorithm)?,
            jwt_algorithm,
            additional_claims: additional_claims(settings)?,
            lesson: settings
                .one_of("LESSON", &[("on", true), ("off", false)], "use `on` or `off`")?
                .unwrap_or(app_env == AppEnv::Development),
            leeway: settings.duration("JWT_LEEWAY", Duration::ZERO, Duration::ZERO..=minute, "use 0s to 60s")?,
            fresh_for: settings.duration("FRESH_FOR", 10 * minute, Duration::ZERO..=24 * hour, "use 0s to 24h")?,
            require_second_factor: settings
                .one_of(
                    "REQUIRE_SECOND_FACTOR",
                    &[("off", RequiredOf::Nobody), ("admins", RequiredOf::Administrators), ("all", RequiredOf::All)],
                    "use `off`, `admins` or `all`",
                )?
                .unwrap_or_default(),
            signup_open: settings
                .one_of("SIGNUP", &[("open", true), ("closed", false)], "use `open` or `closed`")?
                .unwrap_or(app_env == AppEnv::Development),
            password_min_length: settings.number("PASSWORD_MIN_LENGTH", 15, 8..=256, "use 8 to 256")?,
            argon2_memory_kib: settings.number("ARGON2_MEMORY_KIB", 19456, 19456..=4_194_304, "use 19456 or more")?,
            argon2_iterations: settings.number("ARGON2_ITERATIONS", 2, 2..=64, "use 2 to 64")?,
            argon2_parallelism: settings.number("ARGON2_PARALLELISM", 1, 1..=64, "use 1 to 64")?,
            hash_concurrency: settings.number("HASH_CONCURRENCY", cores(), 1..=1024, "use 1 to 1024")?,
            hash_queue: settings.number("HASH_QUEUE", 64, 0..=65536, "use 0 to 65536")?,
            trusted_proxies: trusted_proxies(settings)?,
            cors_origins: origins(settings, "CORS_ORIGINS")?,
            gate: gate(settings, &public_url)?,
            relying_party: passkeys::relying_party(settings, &public_url, origins(settings, "WEBAUTHN_ORIGINS")?)?,
            mail: mail::mail(settings, app_env == AppEnv::Production)?,
            metrics_token: metrics_token(settings)?,
            log_json: settings
                .one_of("LOG_FORMAT", &[("text", false), ("json", true)], "use `text` or `json`")?
                .unwrap_or(false),
            log_filter: settings.get("RUST_LOG").unwrap_or("info").to_owned(),
            secret_files: settings.secret_files().to_vec(),
            site_root: settings.get("LEPTOS_SITE_ROOT").map(Into::into),
            reload_port: settings.number("LEPTOS_RELOAD_PORT", 3001, 1..=65535, "use a port, like 3001")?,
            public_url,
        })
    }

    /// Whether cookies are `Secure`: always, except on this machine without TLS.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        !is_plain_loopback(&self.public_url)
    }

    /// The folder for the server's own files: that of the SQLite file, if there is one.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        data_dir(&self.database.url)
    }

    /// The SQLite file, unless the database is in memory.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        sqlite_file(&self.database.url)
    }
}

/// The folder for the own files of servers on this database.
#[must_use]
pub fn data_dir(database_url: &str) -> PathBuf {
    let file = sqlite_file(database_url);
    let folder = file.as_deref().and_then(std::path::Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or_else(|| PathBuf::from("data"), PathBuf::from)
}

/// The SQLite file of this database, unless it is in memory, or is none of SQLite.
#[must_use]
pub fn sqlite_file(database_url: &str) -> Option<PathBuf> {
    let path = database_url.strip_prefix("sqlite:")?.split('?').next()?;
    let path = path.strip_prefix("//").unwrap_or(path);
    // As sqlx reads it.
    let path = percent_decode_str(path).decode_utf8_lossy();
    (path != ":memory:").then(|| path.as_ref().into())
}

fn trusted_proxies(settings: &Settings) -> Result<TrustedProxies, BadSetting> {
    const FIX: &str = "list addresses and ranges with commas between them, like 127.0.0.1, 10.0.0.0/8 or 2001:db8::/32";
    let value = settings.get("TRUSTED_PROXIES").unwrap_or_default();
    TrustedProxies::parse(value).map_err(|_| unusable("TRUSTED_PROXIES", value, FIX))
}

fn origins(settings: &Settings, name: &'static str) -> Result<WebOrigins, BadSetting> {
    const FIX: &str = "list origins as browsers write them, like https://app.example.org or http://localhost:8080: no path, \
                       no slash at the end, no wildcard, commas between";
    let list = settings.get(name).unwrap_or_default();
    WebOrigins::parse(list).map_err(|NotAnOrigin(text)| unusable(name, &text, FIX))
}

fn gate(settings: &Settings, public_url: &str) -> Result<Gate, BadSetting> {
    const FIX: &str = "use a domain that your applications and PUBLIC_URL have in common, like example.org for https://id.example.org";
    let domain = settings.get("GATE_COOKIE_DOMAIN").map(|domain| {
        let unfit = |unfit| bad("GATE_COOKIE_DOMAIN", format!("is `{domain}`, which {unfit}"), FIX);
        CookieDomain::parse(domain, public_url).map_err(unfit)
    });
    Ok(Gate { origins: origins(settings, "GATE_ORIGINS")?, cookie_domain: domain.transpose()? })
}

/// The lifetimes of a session that is kept, and of one that is not. The idle time is never longer than the lifetime.
fn session_rules(settings: &Settings) -> Result<SessionRules, BadSetting> {
    let (minute, day) = (Duration::from_mins(1), Duration::from_hours(24));
    let duration =
        |name, default| settings.duration(name, default, minute..=365 * day, "use 1m to 365d, like 30d or 12h");
    let absolute = duration("JWT_REFRESH_TOKEN_EXPIRES", 30 * day)?;
    let idle = duration("JWT_REFRESH_TOKEN_IDLE", 14 * day)?;
    let lifetime = |absolute: Duration| Lifetime { absolute, idle: idle.min(absolute) };
    Ok(SessionRules { kept: lifetime(absolute), brief: lifetime(absolute.min(LONGEST_BRIEF)) })
}

/// A secret that is set and empty is a mistake: the operator meant to choose one.
fn jwt_secret(settings: &Settings) -> Result<Option<SecretString>, BadSetting> {
    if settings.is_empty("JWT_SECRET") {
        let fix = "unset it, and the server makes one, or use random bytes: openssl rand -base64 64 | tr -d '\\n'";
        return Err(bad("JWT_SECRET", "is set and empty", fix));
    }
    Ok(settings.get("JWT_SECRET").map(Into::into))
}

fn algorithm(settings: &Settings) -> Result<Algorithm, BadSetting> {
    let Some(name) = settings.get("JWT_ALGORITHM") else { return Ok(Algorithm::HS256) };
    let fix = "use HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA";
    Algorithm::from_name(name).ok_or_else(|| unusable("JWT_ALGORITHM", name, fix))
}

/// Set and empty means none: some servers take the value of `client_id` for the user.
fn client_id(settings: &Settings) -> Result<Option<String>, BadSetting> {
    const FIX: &str = "use at most 128 printable ASCII characters, or set it empty to leave the claim out";
    if settings.is_empty("JWT_CLIENT_ID") {
        return Ok(None);
    }
    let id = settings.get("JWT_CLIENT_ID").unwrap_or("handstamp");
    if can_be_client_id(id) { Ok(Some(id.to_owned())) } else { Err(unusable("JWT_CLIENT_ID", id, FIX)) }
}

fn private_key_file(settings: &Settings, algorithm: Algorithm) -> Result<Option<PathBuf>, BadSetting> {
    let Some(path) = settings.get("JWT_PRIVATE_KEY_FILE") else { return Ok(None) };
    if algorithm.family() == Family::Secret {
        let problem = format!("does not go with JWT_ALGORITHM {algorithm}");
        return Err(bad(
            "JWT_PRIVATE_KEY_FILE",
            problem,
            "set JWT_ALGORITHM to the algorithm of the key, or remove JWT_PRIVATE_KEY_FILE",
        ));
    }
    Ok(Some(path.into()))
}

fn additional_claims(settings: &Settings) -> Result<AdditionalClaims, BadSetting> {
    let Some(json) = settings.get("ADDITIONAL_CLAIMS") else { return Ok(AdditionalClaims::default()) };
    AdditionalClaims::parse(json).map_err(|unfit| {
        bad("ADDITIONAL_CLAIMS", unfit.to_string(), r#"use a small JSON object, like {"tenant":"north"}"#)
    })
}

fn metrics_token(settings: &Settings) -> Result<Option<MetricsToken>, BadSetting> {
    let token = settings.get("METRICS_TOKEN").map(MetricsToken::parse).transpose();
    token.map_err(|unfit| bad("METRICS_TOKEN", unfit.to_string(), "make one with: openssl rand -hex 32"))
}

fn public_url(settings: &Settings, app_env: AppEnv, addr: SocketAddr) -> Result<String, BadSetting> {
    const FIX: &str = "use the address that users type, like https://id.example.org, without a path";
    let Some(url) = settings.get("PUBLIC_URL") else {
        return match app_env {
            AppEnv::Development => Ok(local_url(addr)),
            AppEnv::Production => Err(bad("PUBLIC_URL", "is missing, but APP_ENV is production", FIX)),
        };
    };
    let url = url.strip_suffix('/').unwrap_or(url);
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = host.filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']));
    host.map(|_| url.to_owned()).ok_or_else(|| unusable("PUBLIC_URL", url, FIX))
}

/// The public URL of a server without that setting: a name, because a passkey needs one. A server that listens only on an
/// address of another network is not found by the name.
fn local_url(addr: SocketAddr) -> String {
    let reached_by_name = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    if reached_by_name(addr.ip()) { format!("http://localhost:{}", addr.port()) } else { format!("http://{addr}") }
}

/// Whether an address is plain HTTP on this machine: the only case in which a cookie need not be `Secure`.
fn is_plain_loopback(url: &str) -> bool {
    url.strip_prefix("http://").is_some_and(is_loopback)
}

/// Whether a host name, with or without a port, means this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let host = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(host, |(host, _)| host);
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}
