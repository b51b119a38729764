//! The gate cookie: opaque, for browsers, and for the gate alone (contract, section 11.2).
//!
//! It holds what the gate says of a user, encrypted with a key derived from `JWT_SECRET`: every server on the database can
//! read it, also after a restart, and no other door can. Hosts of its domain that see it learn nothing. The nonces are
//! random, and one key encrypts every cookie of an installation: more than AES-GCM allows, so it is AES-GCM-SIV (RFC 8452).

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::accepted_token::AcceptedToken;
use super::additional_claims::AdditionalClaims;
use super::compact_jws::MAX_TOKEN_BYTES;
use super::ids::{SessionId, TokenId, UserId};
use super::jwt_secret::JwtSecret;
use super::methods::Methods;
use super::remembered::Remembered;
use super::session::Session;
use super::unix_time::UnixTime;
use super::user::User;

/// The longest lifetime of a gate cookie: a working day. A browser gets the next one at a refresh, and an expired one costs
/// a navigation two redirects. The blocklist keeps a session that has ended for as long.
pub const LONGEST_LIFETIME: Duration = Duration::from_hours(12);

/// The purpose of the derived key. Every use of the secret has its own text (RFC 5869, section 3.2).
const PURPOSE: &[u8] = b"handstamp: gate cookies, 2";

/// What is encrypted: user, session, the access token of the same answer, times, how and when the user was recognised, and
/// what the gate says of the user.
type Content = (String, String, String, i64, i64, (String, Option<i64>), String, Vec<String>, Map<String, Value>);

/// A user at the gate: what a good cookie says.
pub struct Pass {
    pub token: Arc<AcceptedToken>,
    /// When its use was noted last.
    noted_at: AtomicI64,
}

/// The key that encrypts gate cookies. No `Debug`.
pub struct GateKey {
    key: LessSafeKey,
    remembered: Remembered<Arc<Pass>>,
}

impl GateKey {
    /// Derives the key from the secret.
    ///
    /// # Panics
    /// Never: the lengths are those of the algorithms.
    #[must_use]
    pub fn derive(secret: &JwtSecret) -> Self {
        let secret = Salt::new(HKDF_SHA256, &[]).extract(secret.expose_bytes());
        let expanded = secret.expand(&[PURPOSE], &AES_256_GCM_SIV).expect("32 bytes are within the bounds of HKDF");
        Self { key: LessSafeKey::new(UnboundKey::from(expanded)), remembered: Remembered::new() }
    }

    /// Writes the cookie of a user. `nonce` is random.
    ///
    /// # Panics
    /// Never: text is valid JSON, and far shorter than the limit of AES-GCM-SIV.
    #[must_use]
    pub fn write(&self, user: &AcceptedToken, nonce: [u8; NONCE_LEN]) -> SecretString {
        let content: Content = (
            user.user_id.to_string(),
            user.session_id.to_string(),
            user.token_id.to_string(),
            user.issued_at.0,
            user.expires_at.0,
            (user.methods.to_string(), user.authenticated_at.map(|at| at.0)),
            user.username.clone(),
            user.roles.clone(),
            user.additional.clone(),
        );
        let mut sealed = serde_json::to_vec(&content).expect("text and numbers");
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(nonce_used, Aad::empty(), &mut sealed).expect("far below 64 GiB");
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()).into()
    }

    /// Reads a cookie that [`Self::write`] gave. `None` for any other text. The caller checks times and the blocklist.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Arc<Pass>> {
        if let Some(pass) = self.remembered.get(text) {
            return Some(pass);
        }
        if text.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let plain = self.key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut sealed).ok()?;
        let (user_id, session_id, token_id, issued_at, expires_at, (methods, at), username, roles, additional): Content =
            serde_json::from_slice(plain).ok()?;
        let (user_id, session_id) = (UserId::parse(&user_id).ok()?, SessionId::parse(&session_id).ok()?);
        let ids = (user_id, session_id, TokenId::parse(&token_id).ok()?);
        let recognised = (Methods::parse(&methods), at.map(UnixTime));
        let token = accepted(ids, (UnixTime(issued_at), UnixTime(expires_at)), recognised, username, roles, additional);
        let pass = Arc::new(Pass { token: Arc::new(token), noted_at: AtomicI64::new(i64::MIN) });
        self.remembered.insert(text, Arc::clone(&pass));
        Some(pass)
    }
}

impl Pass {
    /// Returns whether a use at this time should be noted: the first, and then one in each `every`.
    #[must_use]
    pub fn is_use_due(&self, now: UnixTime, every: Duration) -> bool {
        let noted_at = self.noted_at.load(Ordering::Relaxed);
        let due = noted_at == i64::MIN || now >= UnixTime(noted_at).plus(every);
        // Of several requests at the same time, one notes it.
        due && self.noted_at.compare_exchange(noted_at, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Returns what the cookie of a session says, if it is set now. `token_id`: the access token of the same answer.
#[must_use]
pub fn content(
    (owner, session): (&User, &Session),
    operators: &AdditionalClaims,
    token_id: TokenId,
    now: UnixTime,
    expires_at: UnixTime,
) -> AcceptedToken {
    let additional = operators.and(&session.additional);
    let roles = additional.with_roles_of(owner.roles.names());
    let (username, members) = (owner.username.as_str().to_owned(), additional.members().clone());
    let recognised = (session.methods, Some(session.started_at));
    accepted((owner.id, session.id, token_id), (now, expires_at), recognised, username, roles, members)
}

fn accepted(
    (user_id, session_id, token_id): (UserId, SessionId, TokenId),
    (issued_at, expires_at): (UnixTime, UnixTime),
    (methods, authenticated_at): (Methods, Option<UnixTime>),
    username: String,
    roles: Vec<String>,
    additional: Map<String, Value>,
) -> AcceptedToken {
    AcceptedToken {
        user_id,
        username,
        client_id: None,
        roles,
        session_id,
        token_id,
        issued_at,
        not_before: issued_at,
        expires_at,
        // A cookie is no proof that the password was typed.
        fresh_until: None,
        methods,
        authenticated_at,
        additional,
        used: OnceLock::new(),
        account: OnceLock::new(),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::server::domain::algorithm::Algorithm;

    fn key(secret: &str) -> GateKey {
        GateKey::derive(&JwtSecret::parse(&secret.into(), Algorithm::HS256).unwrap())
    }

    fn ada() -> AcceptedToken {
        let ids = (UserId::from_random([1; 16]), SessionId::from_random([7; 16]), TokenId::from_random([3; 16]));
        accepted(
            ids,
            (UnixTime(100), UnixTime(200)),
            (Methods::PASSWORD, Some(UnixTime(90))),
            "ada".into(),
            vec!["admin".into()],
            Map::new(),
        )
    }

    #[test]
    fn a_cookie_is_read_with_its_key_alone_and_shows_nothing_without_it() {
        let ours = key("the secret of this spec, and its own");
        let written = ours.write(&ada(), [9; NONCE_LEN]);
        let text = written.expose_secret();

        assert_eq!(*ours.read(text).unwrap().token, ada());
        assert_eq!(*ours.read(text).unwrap().token, ada(), "from memory");
        assert!(key("another secret, as long as the first").read(text).is_none());
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        assert!(!bytes.windows(3).any(|part| part == b"ada"));
        for index in 0..text.len() {
            let other = if text.as_bytes()[index] == b'A' { "B" } else { "A" };
            for changed in [format!("{}{other}{}", &text[..index], &text[index + 1..]), text[..index].to_owned()] {
                assert!(ours.read(&changed).is_none(), "{index}");
            }
        }
        for bad in [String::new(), format!("{text}="), format!("{text}A"), "x".repeat(5000)] {
            assert!(ours.read(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_use_is_noted_at_first_and_then_once_in_each_interval() {
        let ours = key("the secret of this spec, and its own");
        let pass = ours.read(ours.write(&ada(), [9; NONCE_LEN]).expose_secret()).unwrap();
        let due = |now| pass.is_use_due(UnixTime(now), Duration::from_mins(5));
        assert_eq!([due(1000), due(1000), due(1299), due(1300), due(1301)], [true, false, false, true, false]);
    }
}
