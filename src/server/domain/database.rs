//! Where the store is, and how long an answer of it may take.

use std::time::Duration;

/// The database of the settings.
#[derive(Clone, PartialEq, Eq)]
pub struct Database {
    /// `sqlite:` and a path, or `postgres://`. It may contain a password: do not print it.
    pub url: String,
    /// PostgreSQL without a pooler between, for what needs one connection for a long time. The same as `url` if it has none.
    pub listen_url: String,
    /// The most connections to PostgreSQL at the same time. There are three more: one that listens, one that announces
    /// the server, and one that probes in an outage.
    pub max_connections: u32,
    /// How long PostgreSQL may take for an answer. After that, the request gets 503.
    pub timeout: Duration,
}

impl Database {
    pub const MAX_CONNECTIONS: u32 = 16;
    pub const TIMEOUT: Duration = Duration::from_secs(2);

    /// Returns whether this is PostgreSQL, and not SQLite.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        is_postgres(&self.url)
    }
}

/// Returns whether an address is one of PostgreSQL.
#[must_use]
pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// A database with the defaults for all else.
impl<T: AsRef<str> + ?Sized> From<&T> for Database {
    fn from(url: &T) -> Self {
        let url = url.as_ref().to_owned();
        Self { listen_url: url.clone(), url, max_connections: Self::MAX_CONNECTIONS, timeout: Self::TIMEOUT }
    }
}
