//! Clients: other services that may introspect and revoke tokens and follow the blocklist (RFC 6749, section 2).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::{constant_time, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

use super::plain_name::{self, NotAPlainName};
use super::unix_time::UnixTime;

/// Random bytes in a client's secret: enough that a fast hash protects it.
pub const SECRET_BYTES: usize = 32;
/// The prefix of every client's secret, so that scanners find a secret that was committed by mistake.
const SECRET_PREFIX: &str = "hs_cs_";

/// A client, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub name: ClientName,
    pub created_at: UnixTime,
}

/// The `client_id`: a plain name, so that the form encoding of RFC 6749, section 2.3.1, does not change it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientName(String);

impl ClientName {
    /// Parses a name.
    ///
    /// # Errors
    /// [`NotAPlainName`].
    pub fn parse(text: &str) -> Result<Self, NotAPlainName> {
        plain_name::parse(text).map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A new secret, to show once.
#[must_use]
pub fn secret_from_random(bytes: &[u8; SECRET_BYTES]) -> SecretString {
    format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into()
}

/// The hash of a secret, which the store keeps. SHA-256 is enough: 256 random bits cannot be guessed, however fast an
/// attacker tries.
pub struct SecretHash(String);

impl SecretHash {
    #[must_use]
    pub fn of(secret: &SecretString) -> Self {
        let hash = digest::digest(&digest::SHA256, secret.expose_secret().as_bytes());
        Self(URL_SAFE_NO_PAD.encode(hash.as_ref()))
    }

    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn as_stored(&self) -> &str {
        &self.0
    }

    /// Returns whether this is the hash of that secret.
    #[must_use]
    pub fn is_of(&self, secret: &SecretString) -> bool {
        constant_time::verify_slices_are_equal(Self::of(secret).0.as_bytes(), self.0.as_bytes()).is_ok()
    }
}

/// How long a client is known without another look into the store. Then another process that removed the client is
/// heeded, within the bound that counts for sign-outs.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// The clients that have just shown the right secret: their hashes, and until when they are known. No more than there are
/// in the store.
#[derive(Default)]
pub struct KnownClients(Mutex<HashMap<ClientName, (SecretHash, Duration)>>);

impl KnownClients {
    /// Whether this is the right secret of a client that is known. `uptime` does not change when the clock is set.
    #[must_use]
    pub fn knows(&self, name: &ClientName, secret: &SecretString, uptime: Duration) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).is_some_and(|(hash, until)| uptime < *until && hash.is_of(secret))
    }

    /// Remembers a client whose hash was read when the process had this `uptime`.
    pub fn remember(&self, name: ClientName, hash: SecretHash, uptime: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, (hash, uptime + KNOWN_FOR));
    }

    /// Forgets a client that was removed.
    pub fn forget(&self, name: &ClientName) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_known_for_a_second_by_its_secret_alone_and_not_after_it_was_removed() {
        let (secret, other) = (secret_from_random(&[7; SECRET_BYTES]), secret_from_random(&[8; SECRET_BYTES]));
        let (name, stranger) = (ClientName::parse("mail").unwrap(), ClientName::parse("other").unwrap());
        let known = KnownClients::default();
        let millis = Duration::from_millis;
        assert!(!known.knows(&name, &secret, millis(0)));
        known.remember(name.clone(), SecretHash::of(&secret), millis(5000));
        assert!(known.knows(&name, &secret, millis(5999)));
        assert!(!known.knows(&name, &secret, millis(6000)));
        assert!(!known.knows(&name, &other, millis(5000)) && !known.knows(&stranger, &secret, millis(5000)));
        known.forget(&name);
        assert!(!known.knows(&name, &secret, millis(5000)));
    }

    #[test]
    fn a_secret_is_recognised_by_its_hash_alone() {
        let secret = secret_from_random(&[7; SECRET_BYTES]);
        let kept = SecretHash::from_stored(SecretHash::of(&secret).as_stored().to_owned());
        assert!(kept.is_of(&secret));
        assert!(!kept.is_of(&secret_from_random(&[8; SECRET_BYTES])));
        assert!(!kept.is_of(&"".into()));
        assert!(!kept.as_stored().contains(secret.expose_secret()));
    }
}
