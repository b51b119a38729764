//! The keys that verify tokens: the server's JWKS, at the address that its metadata has (RFC 8414).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::Uri;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::client::Client;
use crate::error::{Broken, NotAccepted};
use crate::freshness::{Freshness, Moment};

pub const TIMEOUT: Duration = Duration::from_secs(5);
/// The server publishes a key at least so long before it signs.
const REFRESH_AFTER: Duration = Duration::from_mins(5);
const TOO_OLD_AFTER: Duration = Duration::from_mins(15);
/// Between two fetches because of an unknown key id: anyone can send unknown ids.
const COOLDOWN: Duration = Duration::from_secs(10);

/// A key, and its own algorithm: never the one in a token's header.
pub struct Key {
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

/// The last JWKS. Many tasks can ask; one at a time fetches.
#[derive(Default)]
pub struct Keys {
    known: RwLock<HashMap<String, Arc<Key>>>,
    fetched: Freshness,
    tried: Freshness,
    asked: Freshness,
    address: Mutex<Option<Uri>>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

impl Keys {
    /// Fetches the keys from this address, and from now on.
    pub async fn begin(&self, client: &Client, uri: Uri) -> Result<(), Broken> {
        let mut address = self.address.lock().await;
        self.fetch(client, address.insert(uri)).await
    }

    /// Fetches the keys again if they are older than 5 minutes, at most every 10 seconds.
    pub async fn refresh(&self, client: &Client) -> Result<(), Broken> {
        if self.fetched.is_older_than(REFRESH_AFTER) && self.tried.is_older_than(COOLDOWN) {
            let address = self.address.lock().await;
            if let Some(uri) = &*address {
                return self.fetch(client, uri).await;
            }
        }
        Ok(())
    }

    /// Returns the key with this id. For an unknown id it fetches the set again, but not every time.
    ///
    /// # Errors
    /// [`NotAccepted::Unknown`] if no set was fetched for a quarter of an hour: a key may have been withdrawn.
    pub async fn find(&self, client: &Client, id: &str) -> Result<Arc<Key>, NotAccepted> {
        if self.fetched.is_older_than(TOO_OLD_AFTER) {
            return Err(NotAccepted::Unknown);
        }
        if let Some(key) = self.known_key(id) {
            return Ok(key);
        }
        let address = self.address.lock().await;
        if let (None, Some(uri), true) = (self.known_key(id), &*address, self.asked.is_older_than(COOLDOWN)) {
            self.asked.at(Moment::now());
            self.fetch(client, uri).await.map_err(|_| NotAccepted::Unknown)?;
        }
        self.known_key(id).ok_or(NotAccepted::Invalid)
    }

    fn known_key(&self, id: &str) -> Option<Arc<Key>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    async fn fetch(&self, client: &Client, uri: &Uri) -> Result<(), Broken> {
        let began = Moment::now();
        self.tried.at(began);
        let KeySet { keys } = client.object(uri, TIMEOUT).await?;
        let keys = keys.into_iter().filter_map(usable).collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = keys;
        self.fetched.at(began);
        Ok(())
    }
}

/// One key of a kind that jsonwebtoken does not know must not stop the others.
fn usable(key: serde_json::Value) -> Option<(String, Arc<Key>)> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let algorithm = Algorithm::try_from(jwk.common.key_algorithm?).ok()?;
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some((jwk.common.key_id?, Arc::new(Key { algorithm, key })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_an_unknown_kind_do_not_stop_the_others() {
        let good = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let set = format!(r#"{{"keys":[{{"kty":"AKP","alg":"ML-DSA-44","kid":"b","pub":"AA"}},{{}},{good},7]}}"#);
        let set: KeySet = serde_json::from_str(&set).unwrap();
        let ids: Vec<String> = set.keys.into_iter().filter_map(usable).map(|(id, _)| id).collect();
        assert_eq!(ids, ["a"]);
    }
}
