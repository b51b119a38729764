//! The public key set (RFC 7517, section 5) as text, prepared: some readers fetch it for every token that they verify.

use std::sync::Arc;

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, JwkSet};

use super::unix_time::UnixTime;

/// Bytes of the hash that identifies a text.
const TAG_BYTES: usize = 16;

/// The text of a key set.
#[derive(Debug)]
pub struct KeySet {
    pub json: Arc<[u8]>,
    /// The entity tag in quotes (RFC 9110, section 8.8.3): the same for the same text, in every process.
    pub tag: String,
}

/// The key sets of one ring.
pub struct KeySets {
    /// Each until a retired key stops verifying, in order.
    ending: Vec<(UnixTime, KeySet)>,
    /// After that.
    last: KeySet,
}

impl KeySets {
    /// Prepares the texts. `keys`: the public keys in their order, and until when each verifies, if that ends.
    #[must_use]
    pub fn of(keys: &[(&Jwk, Option<UnixTime>)]) -> Self {
        let mut ends: Vec<_> = keys.iter().filter_map(|(_, until)| *until).collect();
        ends.sort_unstable();
        ends.dedup();
        let of = |verifies: &dyn Fn(UnixTime) -> bool| {
            let verifying = keys.iter().filter(|(_, until)| until.is_none_or(verifies));
            KeySet::of(JwkSet { keys: verifying.map(|(key, _)| (*key).clone()).collect() })
        };
        Self { ending: ends.iter().map(|end| (*end, of(&|until| until >= *end))).collect(), last: of(&|_| false) }
    }

    /// Returns the key set of this time.
    #[must_use]
    pub fn at(&self, now: UnixTime) -> &KeySet {
        self.ending.iter().find(|(end, _)| now < *end).map_or(&self.last, |(_, set)| set)
    }
}

impl KeySet {
    fn of(keys: JwkSet) -> Self {
        // Public keys are plain strings, so writing them cannot fail.
        let json = serde_json::to_vec(&keys).unwrap_or_default();
        let hash = digest::digest(&digest::SHA256, &json);
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..TAG_BYTES]));
        Self { json: json.into(), tag }
    }
}
