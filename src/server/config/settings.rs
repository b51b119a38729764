//! The table of settings, and the functions that read a value: from the environment, or from a file `.env`.
//!
//! Only this file reads the environment. `.env.example` lists the same settings; a spec compares the two.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A row of the table of settings.
pub struct Setting {
    pub name: &'static str,
    /// The text that `--help` and `.env.example` show.
    pub default: &'static str,
    pub meaning: &'static str,
}

/// The table of settings, as `handstamp --help` prints it.
pub const SETTINGS: [Setting; 41] = [
    setting("APP_ENV", "development", "`production`: PUBLIC_URL is required, sign-up is closed, no lesson"),
    setting("LEPTOS_SITE_ADDR", "127.0.0.1:3000", "the address and port that the server listens on"),
    setting("PUBLIC_URL", "http://localhost:<port>", "the issuer of the tokens, and the server's own origin"),
    setting("DATABASE_URL", "sqlite:data/handstamp.db", "the database: `sqlite:` and a path, or `postgres://`"),
    setting(
        "DATABASE_LISTEN_URL",
        "<DATABASE_URL>",
        "the same PostgreSQL without a pooler, for news from other servers",
    ),
    setting("DATABASE_MAX_CONNECTIONS", "16", "the most connections to PostgreSQL for requests"),
    setting("DATABASE_TIMEOUT", "2s", "how long PostgreSQL may take; after that, requests get 503"),
    setting("REVOCATION_BOUND", "1s", "how old the blocklist in memory may be; if older, protected doors answer 503"),
    setting("JWT_SECRET", "generated once", "at least 32 bytes (HS384 48, HS512 64); `base64:` before binary"),
    setting(
        "JWT_ALGORITHM",
        "HS256",
        "ES256 if other services verify; or HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES384 EdDSA",
    ),
    setting("JWT_PRIVATE_KEY_FILE", "made and kept in the store", "PEM of the first key for RS, PS, ES and EdDSA"),
    setting("JWT_ISSUER", "<PUBLIC_URL>", "the claim `iss`"),
    setting("JWT_AUDIENCE", "handstamp", "the claim `aud`"),
    setting("JWT_CLIENT_ID", "handstamp", "the claim `client_id` (RFC 9068); set and empty: tokens have none"),
    setting("JWT_ACCESS_TOKEN_EXPIRES", "5m", "lifetime of an access token, at most 60m"),
    setting("JWT_REFRESH_TOKEN_EXPIRES", "30d", "lifetime of a session with \"Keep me signed in\"; any other: 12h"),
    setting("JWT_REFRESH_TOKEN_IDLE", "14d", "a session that is not refreshed for this time ends"),
    setting("TOKEN_STORAGE", "local", "where a page keeps the access token: `local`, `session` or `memory`"),
    setting("JWT_LEEWAY", "0s", "allowed difference between clocks, at most 60s"),
    setting("FRESH_FOR", "10m", "how long a token is fresh after the password was typed"),
    setting("REQUIRE_SECOND_FACTOR", "off", "who must set up a second factor: `off`, `admins` or `all`"),
    setting("ADDITIONAL_CLAIMS", "none", "a JSON object with claims for every access token"),
    setting("LESSON", "on (off in production)", "whether /sign-token and /verify-token exist"),
    setting("SIGNUP", "open (closed in production)", "whether anyone may create an account"),
    setting("PASSWORD_MIN_LENGTH", "15", "in characters, at least 8"),
    setting("ARGON2_MEMORY_KIB", "19456", "memory of one password hash; the default is the minimum"),
    setting("ARGON2_ITERATIONS", "2", "passes of one password hash; the default is the minimum"),
    setting("ARGON2_PARALLELISM", "1", "lanes of one password hash; the default is the minimum"),
    setting("HASH_CONCURRENCY", "number of cores", "how many passwords are hashed at the same time"),
    setting("HASH_QUEUE", "64", "how many more may wait; if the queue is full: 503"),
    setting("TRUSTED_PROXIES", "none", "addresses and ranges of proxies from which X-Forwarded-For is read"),
    setting("CORS_ORIGINS", "none", "origins whose pages may call the machine doors, like https://app.example.org"),
    setting(
        "GATE_ORIGINS",
        "none",
        "origins of applications that /forward-auth protects, like https://app.example.org",
    ),
    setting(
        "GATE_COOKIE_DOMAIN",
        "none",
        "the domain above PUBLIC_URL and GATE_ORIGINS; set: browsers get a gate cookie",
    ),
    setting("WEBAUTHN_RP_ID", "<host of PUBLIC_URL>", "the domain of the passkeys: that host, or a parent domain"),
    setting(
        "WEBAUTHN_ORIGINS",
        "none",
        "origins of other domains that may use the passkeys, like https://app.example.net",
    ),
    setting("SMTP_URL", "none", "the mail server, like smtps://user:password@host; none: files during development"),
    setting("MAIL_FROM", "none", "the sender of mails, like Handstamp <id@example.org>; required with SMTP_URL"),
    setting("METRICS_TOKEN", "none", "Bearer token that lets other machines read /metrics; at least 32 characters"),
    setting("LOG_FORMAT", "text", "`json` for programs"),
    setting("RUST_LOG", "info", "which events are logged"),
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
        // One line, whatever the value contains.
        write!(f, "{}; {}", self.what(), self.fix)
    }
}

impl BadSetting {
    /// Returns the name and the problem, without the fix.
    #[must_use]
    pub fn what(&self) -> String {
        format!("{} {}", self.name, self.problem.escape_debug())
    }
}

impl std::error::Error for BadSetting {}

/// Settings by name, before they are parsed.
#[derive(Default)]
pub struct Settings {
    values: HashMap<String, String>,
    secret_files: Vec<PathBuf>,
}

impl Settings {
    /// Reads the process environment, then for missing names the file `.env` of the current folder, then the one beside
    /// the binary.
    ///
    /// # Errors
    /// [`BadSetting`] for a `.env` that cannot be read.
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn gather() -> Result<Self, BadSetting> {
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(".env")));
        let (mut values, mut secret_files): (HashMap<String, String>, Vec<_>) = Default::default();
        for file in beside.into_iter().chain([PathBuf::from(".env")]).filter(|file| file.is_file()) {
            let unreadable =
                |_| bad(".env", "cannot be read", "write one NAME=value on each line, with quotes around spaces");
            for line in dotenvy::from_path_iter(&file).map_err(unreadable)? {
                let (name, value) = line.map_err(unreadable)?;
                if is_secret(&name, &value) && !secret_files.contains(&file) {
                    secret_files.push(file.clone());
                }
                values.insert(name, value);
            }
        }
        // Our settings are Unicode. Others are ignored.
        values.extend(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
        Ok(Self { values, secret_files })
    }

    /// Settings from pairs, for specs.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let values = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { values, secret_files: Vec::new() }
    }

    /// Removes a setting, so that its default counts. Returns whether it was set.
    pub fn remove(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    /// The files `.env` that hold secrets.
    pub(super) fn secret_files(&self) -> &[PathBuf] {
        &self.secret_files
    }

    /// Returns a setting that is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether a setting is set and empty.
    pub(super) fn is_empty(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| value.trim().is_empty())
    }

    pub(super) fn one_of<T: Copy>(
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

    pub(super) fn number<T: std::str::FromStr + PartialOrd>(
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

    pub(super) fn duration(
        &self,
        name: &'static str,
        default: Duration,
        range: std::ops::RangeInclusive<Duration>,
        fix: &'static str,
    ) -> Result<Duration, BadSetting> {
        let duration = self.milliseconds(name, default, range, fix)?;
        // Times in tokens are whole seconds.
        if duration.subsec_nanos() == 0 {
            Ok(duration)
        } else {
            Err(unusable(name, self.get(name).unwrap_or_default(), fix))
        }
    }

    /// Reads a duration that tokens do not contain.
    pub(super) fn milliseconds(
        &self,
        name: &'static str,
        default: Duration,
        range: std::ops::RangeInclusive<Duration>,
        fix: &'static str,
    ) -> Result<Duration, BadSetting> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let duration = humantime::parse_duration(value).ok().filter(|duration| range.contains(duration));
        duration.ok_or_else(|| unusable(name, value, fix))
    }
}

/// Whether a setting is secret, so that only its owner should read it.
fn is_secret(name: &str, value: &str) -> bool {
    match name {
        "DATABASE_URL" | "DATABASE_LISTEN_URL" | "SMTP_URL" => holds_password(value),
        "JWT_SECRET" | "METRICS_TOKEN" => true,
        _ => false,
    }
}

/// Whether the address of a database or mail server contains a password: `postgres://name:password@host/database`, or `?password=` at
/// its end.
fn holds_password(url: &str) -> bool {
    let address = url.split_once("://").map_or("", |(_, address)| address);
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let authority = place.split_once('/').map_or(place, |(authority, _)| authority);
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || query.split('&').any(|pair| pair.starts_with("password="))
}

pub(super) fn unusable(name: &'static str, value: &str, fix: &'static str) -> BadSetting {
    bad(name, format!("cannot be `{value}`"), fix)
}

pub(super) fn bad(name: &'static str, problem: impl Into<String>, fix: &'static str) -> BadSetting {
    BadSetting { name, problem: problem.into(), fix }
}
