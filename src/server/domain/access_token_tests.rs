//! The rules of verification, one by one. `src/tests/hostile_tokens.rs` tries hostile tokens over HTTP.

use super::*;
use crate::server::domain::algorithm::Algorithm;
use crate::server::domain::jwt_secret::JwtSecret;
use crate::server::domain::kept_keys::{KeptKey, KeyState};
use crate::server::domain::methods::Methods;
use crate::server::domain::private_key::PrivateKey;
use crate::server::domain::sealing::SealingKey;
use crate::server::domain::session::{Origin, SessionKind};
use crate::server::domain::user::Roles;
use crate::server::domain::username::Username;

const NOW: UnixTime = UnixTime(1_795_338_720);
const SECRET: &str = "a secret that only this spec knows";

fn rules() -> TokenRules {
    TokenRules {
        issuer: "https://id.example.org".into(),
        audience: "handstamp".into(),
        client_id: Some("handstamp".into()),
        lifetime: Duration::from_mins(5),
        fresh_for: Duration::from_mins(1),
        leeway: Duration::ZERO,
        additional: AdditionalClaims::default(),
    }
}

/// A ring with one key in this state, and the key that signs.
fn ring(secret: &str, state: KeyState) -> KeyRing {
    let sealing = SealingKey::derive(&JwtSecret::parse(&secret.into(), Algorithm::HS256).unwrap());
    let given = PrivateKey::from_secret(Algorithm::HS256, secret.as_bytes()).unwrap();
    let other = PrivateKey::from_secret(Algorithm::HS256, b"the other key, which signs in its stead").unwrap();
    let kept = |id: &str, state, sealed| KeptKey {
        id: id.into(),
        algorithm: Algorithm::HS256,
        state,
        created_at: NOW,
        public: None,
        sealed,
    };
    let mut keys = vec![kept(&given.id, state, None)];
    if state != KeyState::Active {
        let sealed = sealing.seal(b"the other key, which signs in its stead", &other.id, [1; 12]);
        keys.push(kept(&other.id, KeyState::Active, Some(sealed)));
    }
    KeyRing::open(1, &keys, Some(&given), &sealing).unwrap()
}

fn issue(rules: &TokenRules, ring: &KeyRing, now: UnixTime) -> String {
    let user = User {
        id: UserId::from_random([1; 16]),
        username: Username::parse("ada").unwrap(),
        roles: Roles::admin(),
        created_at: now,
        disabled_at: None,
    };
    let session = Session {
        id: SessionId::from_random([2; 16]),
        user_id: user.id,
        started_at: now,
        expires_at: now.plus(Duration::from_hours(12)),
        kind: SessionKind::Brief,
        origin: Origin::default(),
        methods: Methods::PASSWORD,
        additional: AdditionalClaims::default(),
    };
    rules.issue(ring, &user, &session, TokenId::from_random([3; 16]), now).unwrap().text
}

#[test]
fn an_issued_token_passes_verification() {
    let (rules, ring) = (rules(), ring(SECRET, KeyState::Active));
    let token = rules.verify(&ring, &issue(&rules, &ring, NOW), NOW, Expiry::Judged).unwrap();

    assert_eq!(token.user_id, UserId::from_random([1; 16]));
    assert_eq!(token.session_id, SessionId::from_random([2; 16]));
    assert_eq!(token.token_id, TokenId::from_random([3; 16]));
    assert_eq!(token.username, "ada");
    assert_eq!(token.roles, ["admin"]);
    assert_eq!(token.expires_at, UnixTime(NOW.0 + 300));
    assert_eq!(token.fresh_until, Some(UnixTime(NOW.0 + 60)));
}

#[test]
fn the_clock_judges_a_token_that_was_seen_before_as_it_does_a_new_one() {
    let (rules, ring) = (rules(), ring(SECRET, KeyState::Active));
    let token = issue(&rules, &ring, NOW);
    let refused = |check| Err(TokenRefused(check));

    for seen_before in [false, true] {
        let verify = |now: i64, expiry| rules.verify(&ring, &token, UnixTime(now), expiry).map(|token| token.issued_at);
        if seen_before {
            verify(NOW.0, Expiry::Judged).unwrap();
        }
        assert_eq!(verify(NOW.0 - 1, Expiry::Judged), refused(Check::Begun));
        assert_eq!(verify(NOW.0 + 300, Expiry::Judged), refused(Check::Expiry));
        assert_eq!(verify(NOW.0 + 299, Expiry::Judged), Ok(NOW));
        assert_eq!(verify(NOW.0 + 300_000, Expiry::Forgiven), Ok(NOW));
    }
}

#[test]
fn a_token_that_was_seen_before_does_not_outlive_its_key() {
    let (rules, signing) = (rules(), ring(SECRET, KeyState::Active));
    let token = issue(&rules, &signing, NOW);
    // The key stops before the token expires: a thief of the key could still make such a token.
    let verifies_until = UnixTime(NOW.0 + 100);
    let retired = ring(SECRET, KeyState::Retired { verifies_until });

    assert!(rules.verify(&retired, &token, UnixTime(NOW.0 + 99), Expiry::Judged).is_ok());
    let refused = rules.verify(&retired, &token, verifies_until, Expiry::Judged);
    assert_eq!(refused.err(), Some(TokenRefused(Check::KeyId)));
    let barred = ring(SECRET, KeyState::Barred);
    assert_eq!(rules.verify(&barred, &token, NOW, Expiry::Judged).err(), Some(TokenRefused(Check::KeyId)));
}

#[test]
fn another_issuer_audience_key_or_a_longer_life_is_refused() {
    let (ours, our_ring) = (rules(), ring(SECRET, KeyState::Active));
    let issuer = TokenRules { issuer: "https://id.example.org.evil".into(), ..rules() };
    let audience = TokenRules { audience: "Handstamp".into(), ..rules() };
    let long = TokenRules { lifetime: Duration::from_secs(301), ..rules() };
    for (theirs, check) in [(issuer, Check::Issuer), (audience, Check::Audience), (long, Check::Lifetime)] {
        let token = issue(&theirs, &our_ring, NOW);
        assert_eq!(ours.verify(&our_ring, &token, NOW, Expiry::Judged).err(), Some(TokenRefused(check)));
    }
    let token = issue(&ours, &ring("another secret, of somebody else's", KeyState::Active), NOW);
    assert_eq!(ours.verify(&our_ring, &token, NOW, Expiry::Judged).err(), Some(TokenRefused(Check::KeyId)));
}

#[test]
fn every_flipped_bit_of_every_byte_is_refused() {
    let (rules, ring) = (rules(), ring(SECRET, KeyState::Active));
    let token = issue(&rules, &ring, NOW);
    // The ring remembers a token: another one that differs in one bit is not accepted for it.
    rules.verify(&ring, &token, NOW, Expiry::Judged).unwrap();
    for index in 0..token.len() {
        for bit in 0..8 {
            let mut bytes = token.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            if let Ok(bent) = String::from_utf8(bytes) {
                assert!(rules.verify(&ring, &bent, NOW, Expiry::Judged).is_err(), "byte {index}, bit {bit}");
            }
        }
    }
}
