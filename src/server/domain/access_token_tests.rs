//! The rules of verification, one by one. What a stranger can send is tried over HTTP, in `src/tests/hostile_tokens.rs`.

use super::*;
use crate::server::domain::signing_key::JwtSecret;
use crate::server::domain::user::Roles;
use crate::server::domain::username::Username;

const NOW: UnixTime = UnixTime(1_795_338_720);

fn rules(secret: &str) -> TokenRules {
    TokenRules {
        key: SigningKey::hs256(&JwtSecret::parse(&secret.into()).unwrap()),
        issuer: "https://id.example.org".into(),
        audience: "handstamp".into(),
        lifetime: Duration::from_mins(5),
        fresh_for: Duration::from_mins(1),
        leeway: Duration::ZERO,
    }
}

fn issue(rules: &TokenRules, now: UnixTime) -> String {
    let user = User {
        id: UserId::from_random([1; 16]),
        username: Username::parse("ada").unwrap(),
        roles: Roles::admin(),
        created_at: now,
    };
    let session = Session {
        id: SessionId::from_random([2; 16]),
        user_id: user.id,
        started_at: now,
        expires_at: now.plus(rules.lifetime),
    };
    rules.issue(&user, &session, TokenId::from_random([3; 16]), now).unwrap()
}

#[test]
fn what_was_issued_is_verified() {
    let rules = rules("a secret that only this spec knows");
    let token = rules.verify(&issue(&rules, NOW), NOW, Expiry::Judged).unwrap();

    assert_eq!(token.user_id, UserId::from_random([1; 16]));
    assert_eq!(token.session_id, SessionId::from_random([2; 16]));
    assert_eq!(token.token_id, TokenId::from_random([3; 16]));
    assert_eq!(token.username, "ada");
    assert_eq!(token.roles, ["admin"]);
    assert_eq!(token.expires_at, UnixTime(NOW.0 + 300));
}

#[test]
fn a_token_from_the_future_is_refused_and_an_old_one_only_forgiven_where_asked() {
    let rules = rules("a secret that only this spec knows");
    let token = issue(&rules, NOW);

    assert_eq!(rules.verify(&token, UnixTime(NOW.0 - 1), Expiry::Judged), Err(TokenRefused::Invalid));
    assert_eq!(rules.verify(&token, UnixTime(NOW.0 + 300), Expiry::Judged), Err(TokenRefused::Expired));
    assert!(rules.verify(&token, UnixTime(NOW.0 + 299), Expiry::Judged).is_ok());
    assert!(rules.verify(&token, UnixTime(NOW.0 + 300_000), Expiry::Forgiven).is_ok());
}

#[test]
fn another_issuer_audience_key_or_a_longer_life_is_refused() {
    let ours = rules("a secret that only this spec knows");
    let issuer =
        TokenRules { issuer: "https://id.example.org.evil".into(), ..rules("a secret that only this spec knows") };
    let audience = TokenRules { audience: "Handstamp".into(), ..rules("a secret that only this spec knows") };
    let long = TokenRules { lifetime: Duration::from_secs(301), ..rules("a secret that only this spec knows") };
    let key = rules("another secret, of somebody else's");

    for theirs in [issuer, audience, long, key] {
        assert_eq!(ours.verify(&issue(&theirs, NOW), NOW, Expiry::Judged), Err(TokenRefused::Invalid));
    }
}

#[test]
fn every_flipped_bit_of_every_byte_is_refused() {
    let rules = rules("a secret that only this spec knows");
    let token = issue(&rules, NOW);
    for index in 0..token.len() {
        for bit in 0..8 {
            let mut bytes = token.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            if let Ok(bent) = String::from_utf8(bytes) {
                assert!(rules.verify(&bent, NOW, Expiry::Judged).is_err(), "byte {index}, bit {bit}");
            }
        }
    }
}
