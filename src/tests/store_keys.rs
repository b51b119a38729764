//! The tables of keys and clients, on both databases. `store.rs` calls this.

use handstamp::server::domain::algorithm::Algorithm;
use handstamp::server::domain::audience::{Audience, AudienceTexts};
use handstamp::server::domain::blocklist::Blocked;
use handstamp::server::domain::client::{Client, ClientName, SecretHash, secret_from_random};
use handstamp::server::domain::ids::TokenId;
use handstamp::server::domain::kept_keys::{KeptKey, KeyState};
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::store::Store;
use handstamp::server::world::World;

use crate::audiences::plain;

const NOW: UnixTime = UnixTime(1_795_338_720);

fn key(id: &str, state: KeyState) -> KeptKey {
    let public = World::system().new_key(Algorithm::EdDSA).public;
    let created_at = UnixTime(NOW.0 + i64::from(id.as_bytes()[0]));
    KeptKey { id: id.into(), algorithm: Algorithm::EdDSA, state, created_at, public, sealed: Some("sealed".into()) }
}

pub async fn signing_keys(store: &Store, other: &Store) {
    let (empty, none) = store.list_signing_keys().await.unwrap();
    assert!(none.is_empty());
    let retired = KeyState::Retired { verifies_until: UnixTime(NOW.0 + 60) };
    let barred = KeptKey { public: None, sealed: None, ..key("d", KeyState::Barred) };
    let keys = vec![key("a", KeyState::Next), key("b", KeyState::Active), key("c", retired), barred];
    assert!(store.replace_signing_keys(empty, &keys).await.unwrap());

    let (version, read) = other.list_signing_keys().await.unwrap();
    assert_eq!(read, keys);
    assert_eq!(version, other.signing_keys_version().await.unwrap());
    assert!(version > empty);

    // A change based on an old version changes nothing.
    assert!(!other.replace_signing_keys(empty, &[]).await.unwrap());
    assert_eq!(store.list_signing_keys().await.unwrap(), (version, keys.clone()));
    let (one, two) =
        tokio::join!(store.replace_signing_keys(version, &keys[..1]), other.replace_signing_keys(version, &keys[1..]));
    assert_ne!(one.unwrap(), two.unwrap(), "exactly one wins");
}

pub async fn clients(store: &Store) {
    let name = |name: &str| ClientName::parse(name).unwrap();
    let (secret, another) = (secret_from_random(&[1; 32]), secret_from_random(&[2; 32]));
    let billing = Client { name: name("billing"), created_at: NOW };
    assert!(store.insert_client(&billing, &SecretHash::of(&secret)).await.unwrap());
    assert!(!store.insert_client(&billing, &SecretHash::of(&another)).await.unwrap());
    let kept = store.find_client_secret(&name("billing")).await.unwrap().unwrap();
    assert!(kept.is_of(&secret) && !kept.is_of(&another));
    assert_eq!(store.list_clients().await.unwrap(), [billing]);
    assert!(store.delete_client(&name("billing")).await.unwrap());
    assert!(!store.delete_client(&name("billing")).await.unwrap());
    assert!(store.find_client_secret(&name("billing")).await.unwrap().is_none());
}

pub async fn audiences(store: &Store) {
    let texts = |client_id: Option<&str>, lifetime| AudienceTexts {
        client_id: client_id.map(str::to_owned),
        claims: r#"{"tenant":"north"}"#.into(),
        roles: "staff member".into(),
        lifetime,
        ..plain("billing")
    };
    for (client_id, lifetime) in [(None, None), (Some(""), Some(60)), (Some("portal"), Some(3600))] {
        let billing = Audience::parse(texts(client_id, lifetime), NOW).unwrap();
        assert!(store.insert_audience(&billing).await.unwrap());
        let other = Audience::parse(AudienceTexts { aud: "other".into(), ..plain("billing") }, NOW).unwrap();
        assert!(!store.insert_audience(&other).await.unwrap());
        assert_eq!(store.list_audiences().await.unwrap(), std::slice::from_ref(&billing));
        assert!(store.delete_audience(&billing.name).await.unwrap());
        assert!(!store.delete_audience(&billing.name).await.unwrap());
    }
    assert!(store.list_audiences().await.unwrap().is_empty());
}

pub async fn blocked_tokens(store: &Store, other: &Store) {
    let (id, keep_until) = (TokenId::from_random([77; 16]), UnixTime(NOW.0 + 9000));
    let blocked = store.block_token(id, keep_until).await.unwrap();
    let again = store.block_token(id, keep_until).await.unwrap();
    assert!(again.seq > blocked.seq);
    assert_eq!((blocked.blocked, blocked.keep_until), (Blocked::Token(id), keep_until));
    assert_eq!(other.list_blocked_since(blocked.seq - 1).await.unwrap(), [blocked]);
}
