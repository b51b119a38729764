//! The life of a key, step by step. `src/tests/key_ring.rs` has the specs over HTTP and in the store.

use super::*;
use Algorithm::{ES256, EdDSA, HS256, HS384};
use KeyState::{Active, Barred, Next, Retired};

const NOW: UnixTime = UnixTime(1_795_338_720);
const LATER: UnixTime = UnixTime(NOW.0 + 310);
const TOKEN_TIME: Duration = Duration::from_secs(310);

fn key(id: &str, algorithm: Algorithm, state: KeyState) -> KeptKey {
    KeptKey { id: id.into(), algorithm, state, created_at: UnixTime(0), public: None, sealed: Some("sealed".into()) }
}

fn given(id: &str, algorithm: Algorithm, state: KeyState) -> KeptKey {
    KeptKey { sealed: None, ..key(id, algorithm, state) }
}

fn wanted(algorithm: Algorithm, given: Option<&'static str>) -> Wanted<'static> {
    Wanted { algorithm, given, token_time: TOKEN_TIME }
}

fn states(keys: &[KeptKey]) -> Vec<(&str, KeyState)> {
    keys.iter().map(|key| (key.id.as_str(), key.state)).collect()
}

#[test]
fn an_empty_ring_asks_for_an_active_and_a_next_key() {
    let (keys, missing) = settle(vec![], &wanted(EdDSA, None), NOW);
    assert!(keys.is_empty());
    assert_eq!(missing, Missing { given: false, active: true, next: true });

    let (_, missing) = settle(vec![], &wanted(HS256, Some("secret")), NOW);
    assert_eq!(missing, Missing { given: true, active: false, next: true });
}

#[test]
fn a_settled_ring_stays_as_it_is() {
    let keys = vec![key("a", EdDSA, Active), key("b", EdDSA, Next), key("c", ES256, Retired { verifies_until: LATER })];
    assert_eq!(settle(keys.clone(), &wanted(EdDSA, None), NOW), (keys, Missing::default()));
}

#[test]
fn rotation_moves_every_key_one_step_on() {
    let keys = vec![key("a", EdDSA, Active), key("b", EdDSA, Next)];
    let keys = rotate(keys, &wanted(EdDSA, None), false, NOW).unwrap();
    assert_eq!(states(&keys), [("a", Retired { verifies_until: LATER }), ("b", Active)]);
    assert_eq!(missing(&keys), Missing { given: false, active: false, next: true });

    // After its time it is gone.
    let keys = [keys, vec![key("c", EdDSA, Next)]].concat();
    let (before, _) = settle(keys.clone(), &wanted(EdDSA, None), UnixTime(LATER.0 - 1));
    assert_eq!(before.len(), 3);
    let (after, missing) = settle(keys, &wanted(EdDSA, None), LATER);
    assert_eq!((states(&after), missing), (vec![("b", Active), ("c", Next)], Missing::default()));
}

#[test]
fn a_public_key_signs_only_after_it_was_published_long_enough() {
    let jwk: Jwk = serde_json::from_str(r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"AA"}"#).unwrap();
    let young = KeptKey { public: Some(jwk), created_at: UnixTime(NOW.0 - 60), ..key("b", EdDSA, Next) };
    let keys = vec![key("a", EdDSA, Active), young];
    let rotated = |hurry, now| rotate(keys.clone(), &wanted(EdDSA, None), hurry, now);

    assert_eq!(rotated(false, NOW), Err(CannotRotate::NextTooYoung(240)));
    assert!(rotated(true, NOW).is_ok());
    assert!(rotated(false, UnixTime(NOW.0 + 240)).is_ok());

    // Retiring the active key has the same rule, except in an emergency.
    let retired = |id, at_once| retire(keys.clone(), id, &wanted(EdDSA, None), at_once, NOW);
    assert_eq!(retired("a", false), Err(CannotRotate::NextTooYoung(240)));
    assert!(retired("a", true).is_ok());
    assert!(retired("b", false).is_ok(), "no other key signs because of it");
}

#[test]
fn the_key_of_a_setting_comes_in_once_and_does_not_come_back() {
    let keys = vec![given("secret", HS256, Active), key("b", HS256, Next)];
    let keys = rotate(keys, &wanted(HS256, Some("secret")), false, NOW).unwrap();
    let keys = [keys, vec![key("c", HS256, Next)]].concat();
    let (keys, missing) = settle(keys, &wanted(HS256, Some("secret")), UnixTime(LATER.0 + 1));
    // Its row stays, so that the next start recognises it.
    assert_eq!(states(&keys), [("secret", Retired { verifies_until: LATER }), ("b", Active), ("c", Next)]);
    assert_eq!(missing, Missing::default());

    // A different secret in the setting is a different key.
    let (keys, missing) = settle(keys, &wanted(HS256, Some("changed")), NOW);
    assert_eq!(missing, Missing { given: true, active: false, next: false });
    assert!(keys.iter().all(|key| key.state != Active));
}

#[test]
fn the_algorithm_can_change_and_change_back() {
    let keys = vec![given("file", ES256, Active), key("b", ES256, Next)];
    let (keys, missing) = settle(keys, &wanted(EdDSA, None), NOW);
    assert_eq!(states(&keys), [("file", Retired { verifies_until: LATER })]);
    assert_eq!(missing, Missing { given: false, active: true, next: true });

    let keys = [keys, vec![key("c", EdDSA, Active), key("d", EdDSA, Next)]].concat();
    let (keys, missing) = settle(keys, &wanted(ES256, Some("file")), NOW);
    assert_eq!(states(&keys), [("c", Retired { verifies_until: LATER })]);
    assert_eq!(missing, Missing { given: true, active: false, next: true });
}

#[test]
fn a_key_that_comes_again_with_another_algorithm_stays_what_it_was() {
    let keys = vec![given("secret", HS256, Active), key("b", HS256, Next)];
    let (keys, missing) = settle(keys, &wanted(HS384, Some("secret")), NOW);
    assert_eq!(states(&keys), [("secret", Retired { verifies_until: LATER })]);
    assert_eq!(keys[0].algorithm, HS256);
    assert_eq!(missing, Missing { given: false, active: true, next: true });

    // With its own algorithm it signs again.
    let keys = [keys, vec![key("c", HS384, Active), key("d", HS384, Next)]].concat();
    assert_eq!(settle(keys.clone(), &wanted(HS384, Some("secret")), NOW), (keys.clone(), Missing::default()));
    let (keys, missing) = settle(keys, &wanted(HS256, Some("secret")), NOW);
    assert_eq!(states(&keys), [("c", Retired { verifies_until: LATER })]);
    assert_eq!(missing, Missing { given: true, active: false, next: true });
}

#[test]
fn secrets_and_key_pairs_never_stand_in_one_ring() {
    let keys =
        vec![given("secret", HS256, Active), key("b", HS256, Next), key("c", HS384, Retired { verifies_until: LATER })];
    assert_eq!(settle(keys, &wanted(EdDSA, None), NOW).0, []);
    // A barred key stays barred.
    assert_eq!(settle(vec![given("secret", HS256, Barred)], &wanted(EdDSA, None), NOW).0.len(), 1);
}

#[test]
fn in_an_emergency_a_key_goes_at_once_and_the_next_one_signs() {
    let keys = vec![key("a", EdDSA, Active), key("b", EdDSA, Next), key("c", EdDSA, Retired { verifies_until: LATER })];
    let retired = |id, at_once| {
        retire(keys.clone(), id, &wanted(EdDSA, None), at_once, NOW)
            .map(|keys| keys.into_iter().map(|key| (key.id, key.state)).collect::<Vec<_>>())
    };
    let c = ("c".to_owned(), Retired { verifies_until: LATER });
    let row = |id: &str, state| (id.to_owned(), state);

    assert_eq!(retired("a", true), Ok(vec![row("b", Active), c.clone()]));
    let a = row("a", Retired { verifies_until: LATER });
    assert_eq!(retired("a", false), Ok(vec![a, row("b", Active), c.clone()]));
    assert_eq!(retired("b", false), Ok(vec![row("a", Active), c]));
    assert_eq!(retired("c", true), Ok(vec![row("a", Active), row("b", Next)]));
    assert_eq!(retired("c", false), Err(CannotRotate::RetiredAlready));
    assert_eq!(retired("x", true), Err(CannotRotate::NoSuchKey));
}

#[test]
fn the_key_of_a_setting_that_was_retired_in_an_emergency_is_barred_for_ever() {
    let keys = vec![given("secret", HS256, Active), key("b", HS256, Next)];
    let keys = retire(keys, "secret", &wanted(HS256, Some("secret")), true, NOW).unwrap();
    assert_eq!(states(&keys), [("secret", Barred), ("b", Active)]);
    let keys = [keys, vec![key("c", HS256, Next)]].concat();
    let (settled, missing) = settle(keys.clone(), &wanted(HS256, Some("secret")), UnixTime(i64::MAX));
    assert_eq!((settled, missing), (keys, Missing::default()));
}
