//! Follows the blocklist of a Handstamp server, so that a service rejects a token as soon as its session has ended.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::client::parse_issuer;
use crate::error::{NotAccepted, NotStarted};
use crate::following::{Following, Shared, begin};

const MOST_BYTES: usize = 4096;

/// What a follower must know. `client` and `secret` are those of `handstamp client add`.
#[derive(Clone)]
pub struct Settings {
    pub issuer: String,
    pub client: String,
    pub secret: String,
    /// If the last proof of the server is older, every check is [`NotAccepted::Unknown`]. One second by default.
    pub stale_after: Duration,
    /// What the tokens have as `aud`. `handstamp` by default.
    pub audience: String,
    /// What the tokens have as `typ`. `at+jwt` by default.
    pub typ: String,
}

impl Settings {
    /// Returns settings with the defaults.
    pub fn new(issuer: impl Into<String>, client: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            client: client.into(),
            secret: secret.into(),
            stale_after: Duration::from_secs(1),
            audience: "handstamp".into(),
            typ: "at+jwt".into(),
        }
    }
}

/// The claims of a verified access token.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    pub sub: String,
    pub sid: String,
    pub jti: String,
    pub iat: i64,
    pub exp: i64,
    pub username: Option<String>,
    #[serde(default)]
    pub roles: Vec<String>,
    /// All others.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Verifies access tokens, and knows which were revoked. Its clones share everything. When the last one is dropped, it ends.
#[derive(Clone)]
pub struct Follower {
    settings: Arc<Settings>,
    shared: Arc<Shared>,
    following: Arc<Following>,
}

impl Follower {
    /// Begins to follow the server, in two tasks of this runtime.
    ///
    /// # Errors
    /// [`NotStarted`] for settings that are not usable.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(settings: Settings) -> Result<Self, NotStarted> {
        parse_issuer(&settings.issuer)?;
        if settings.stale_after.is_zero() {
            return Err(NotStarted::NoTime);
        }
        let (shared, following) = begin(&settings);
        Ok(Self { settings: Arc::new(settings), shared, following: Arc::new(following) })
    }

    /// Returns the claims of a good token.
    ///
    /// # Errors
    /// [`NotAccepted`] says why the token is not accepted.
    pub async fn verify(&self, token: &str) -> Result<Claims, NotAccepted> {
        if token.len() > MOST_BYTES {
            return Err(NotAccepted::Invalid);
        }
        let id = decode_header(token).ok().and_then(|header| header.kid).ok_or(NotAccepted::Invalid)?;
        let key = self.shared.keys.find(&self.shared.client, &id).await?;
        let mut demanded = Validation::new(key.algorithm);
        demanded.leeway = 0;
        demanded.reject_tokens_expiring_in_less_than = 1; // expired at the second of `exp`
        demanded.validate_nbf = true;
        demanded.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        demanded.set_issuer(&[&self.settings.issuer]);
        demanded.set_audience(&[&self.settings.audience]);
        let token = decode::<Claims>(token, &key.key, &demanded).map_err(|_| NotAccepted::Invalid)?;
        if token.header.typ.as_deref() != Some(&self.settings.typ) {
            return Err(NotAccepted::Invalid);
        }
        if self.is_revoked(&token.claims.sid, &token.claims.jti)? {
            return Err(NotAccepted::Revoked);
        }
        Ok(token.claims)
    }

    /// Says whether a verified token with these claims was revoked.
    ///
    /// # Errors
    /// [`NotAccepted::Unknown`] if the last proof of the server is too old.
    pub fn is_revoked(&self, sid: &str, jti: &str) -> Result<bool, NotAccepted> {
        if self.is_stale() {
            return Err(NotAccepted::Unknown);
        }
        Ok(self.shared.sessions.contains(sid) || self.shared.tokens.contains(jti))
    }

    /// Says whether every check is [`NotAccepted::Unknown`] now.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.shared.proof.is_older_than(self.settings.stale_after)
    }

    /// Returns the time since the moment up to which all sign-outs are known. `None` before the first snapshot.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.shared.proof.age()
    }

    /// Returns the number of entries in memory.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.shared.sessions.len() + self.shared.tokens.len()
    }

    /// Returns what the last request to the server failed with. `None` if it did not fail.
    #[must_use]
    pub fn last_error(&self) -> Option<String> {
        self.shared.last_error()
    }

    /// Waits for the first snapshot and the keys.
    pub async fn ready(&self) {
        self.shared.cursor.subscribe().wait_for(Option::is_some).await.ok();
    }

    /// Ends the tasks, and waits for their end. From now on every check is [`NotAccepted::Unknown`].
    pub async fn stop(&self) {
        self.following.stop().await;
        self.shared.client.stop().await;
        self.shared.proof.forget();
    }
}
