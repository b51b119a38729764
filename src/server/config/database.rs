//! The settings of the database.

use std::time::Duration;

use super::settings::{BadSetting, Settings, bad};
use crate::server::domain::database::{Database, is_postgres};

/// Reads where the database is. No message repeats an address: it may contain a password.
pub(super) fn database(settings: &Settings) -> Result<Database, BadSetting> {
    const POSTGRES: &str = "use postgres://user@host/database, of the database that DATABASE_URL names";
    let url = settings.get("DATABASE_URL").unwrap_or("sqlite:data/handstamp.db");
    if !url.starts_with("sqlite:") && !is_postgres(url) {
        let fix = "use sqlite:path/to/file.db or postgres://user@host/database";
        return Err(bad("DATABASE_URL", "is neither an SQLite nor a PostgreSQL address", fix));
    }
    let listen_url = settings.get("DATABASE_LISTEN_URL");
    if listen_url.is_some_and(|url| !is_postgres(url)) {
        return Err(bad("DATABASE_LISTEN_URL", "is not a PostgreSQL address", POSTGRES));
    }
    if listen_url.is_some() && !is_postgres(url) {
        return Err(bad("DATABASE_LISTEN_URL", "does not go with an SQLite DATABASE_URL", "unset it"));
    }
    Ok(Database {
        url: url.to_owned(),
        listen_url: listen_url.unwrap_or(url).to_owned(),
        max_connections: settings.number(
            "DATABASE_MAX_CONNECTIONS",
            Database::MAX_CONNECTIONS,
            1..=1000,
            "use 1 to 1000",
        )?,
        timeout: settings.milliseconds(
            "DATABASE_TIMEOUT",
            Database::TIMEOUT,
            Duration::from_millis(100)..=Duration::from_mins(1),
            "use 100ms to 60s, like 2s",
        )?,
    })
}

/// How old the blocklist in memory may be.
pub(super) fn revocation_bound(settings: &Settings) -> Result<Duration, BadSetting> {
    let range = Duration::from_millis(200)..=Duration::from_mins(1);
    settings.milliseconds("REVOCATION_BOUND", Duration::from_secs(1), range, "use 200ms to 60s, like 1s")
}
