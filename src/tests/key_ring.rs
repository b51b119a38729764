//! The key ring: rotated, retired, restarted, shared by two processes, encrypted in the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use handstamp::server::domain::algorithm::Algorithm;
use handstamp::server::domain::kept_keys::{CannotRotate, KeyState};
use handstamp::server::domain::key_ring::RingError;
use handstamp::server::flows::{self, Actor, KeysError, Target};
use handstamp::server::state::AppState;
use serde_json::Value;

use crate::algorithms::with_key_file;
use crate::harness::{SECRET, TestApp, bearer, part};

const INVALID: &str = "401 invalid_token Invalid token";

async fn published(app: &TestApp) -> Vec<String> {
    let keys = app.get("/.well-known/jwks.json").await.json();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().unwrap().to_owned()
}

fn lets_in(state: &AppState, token: &str) -> bool {
    flows::authenticate(state, std::iter::once(bearer(token).as_bytes())).is_ok()
}

#[tokio::test]
async fn t20_a_rotated_key_verifies_until_its_last_token_has_expired_and_then_is_gone() {
    for algorithm in ["EdDSA", "ES256", "HS256"] {
        let app = TestApp::start_with(&[("JWT_ALGORITHM", algorithm)]).await;
        let old = app.somebody("ada").await;
        flows::rotate_keys(&app.state, true, &Actor::Operator).await.unwrap();
        let new = app.login("ada").await;
        assert_ne!(kid(&old), kid(&new), "{algorithm}");
        assert_eq!([app.protected(&old).await.status, app.protected(&new).await.status], [200, 200], "{algorithm}");

        app.pass(Duration::from_secs(299));
        assert_eq!(app.protected(&old).await.status, 200, "{algorithm}");
        app.pass(Duration::from_secs(1));
        assert_eq!(app.protected(&old).await.error(), "401 token_expired Token has expired");
        // Some seconds later the key itself is unknown, and no longer published.
        app.pass(Duration::from_secs(10));
        assert_eq!(app.protected(&old).await.error(), INVALID, "{algorithm}");
        assert!(!published(&app).await.contains(&kid(&old)));
        flows::tidy_keys(&app.state).await.unwrap();
        let (_, kept) = app.state.store.list_signing_keys().await.unwrap();
        let of_a_setting = algorithm == "HS256";
        assert_eq!(kept.iter().any(|key| key.id == kid(&old)), of_a_setting, "{algorithm}");
    }
}

#[tokio::test]
async fn a_key_is_published_before_it_signs() {
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA")]).await;
    let before = published(&app).await;
    let too_young = flows::rotate_keys(&app.state, false, &Actor::Operator).await;
    assert!(matches!(too_young, Err(KeysError::Rotate(CannotRotate::NextTooYoung(300)))), "{too_young:?}");

    app.pass(Duration::from_mins(5));
    flows::rotate_keys(&app.state, false, &Actor::Operator).await.unwrap();
    let token = app.somebody("ada").await;
    assert!(before.contains(&kid(&token)), "a service with the key set of five minutes ago can verify");
    assert_eq!(published(&app).await.len(), 3);
}

#[tokio::test]
async fn the_key_set_lists_the_active_key_first_then_the_next_then_retired_ones() {
    let by_state = async |app: &TestApp| {
        let (_, kept) = app.state.store.list_signing_keys().await.unwrap();
        let state_of = |id: &String| kept.iter().find(|key| key.id == *id).unwrap().state.name();
        published(app).await.iter().map(state_of).collect::<Vec<_>>()
    };
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA")]).await;
    assert_eq!(by_state(&app).await, ["active", "next"]);
    let ada = app.somebody("ada").await;
    for _ in 0..2 {
        app.pass(Duration::from_secs(1));
        flows::rotate_keys(&app.state, true, &Actor::Operator).await.unwrap();
    }
    assert_eq!(by_state(&app).await, ["active", "next", "retired", "retired"]);
    assert_eq!(app.protected(&ada).await.status, 200);

    // And after another algorithm was chosen: a reader that ignores `kid` stops at a key of another type.
    app.pass(Duration::from_secs(1));
    let app = app.restart_with(&[("JWT_ALGORITHM", "ES256")]).await;
    let states = by_state(&app).await;
    assert_eq!(states[..2], ["active", "next"], "{states:?}");
    assert!(states.len() > 2 && states[2..].iter().all(|state| *state == "retired"), "{states:?}");
    let keys = app.get("/.well-known/jwks.json").await.json();
    assert_eq!((&keys["keys"][0]["alg"], &keys["keys"][1]["alg"]), (&"ES256".into(), &"ES256".into()));
    assert_eq!(published(&app).await[0], kid(&app.login("ada").await));
    assert_eq!(app.protected(&ada).await.status, 200);
}

#[tokio::test]
async fn an_emergency_kills_the_tokens_of_one_key_at_once_and_no_others() {
    for algorithm in ["EdDSA", "HS256"] {
        let app = TestApp::start_with(&[("JWT_ALGORITHM", algorithm)]).await;
        let old = app.somebody("ada").await;
        flows::rotate_keys(&app.state, true, &Actor::Operator).await.unwrap();
        let new = app.login("ada").await;
        // The token was seen before: the memory of a token is dropped with its key.
        for token in [&old, &new] {
            assert_eq!(app.protected(token).await.status, 200);
        }

        flows::retire_key(&app.state, &kid(&old), true, &Actor::Operator).await.unwrap();

        assert_eq!(app.protected(&old).await.error(), INVALID, "{algorithm}");
        assert_eq!(app.protected(&new).await.status, 200, "{algorithm}");
        assert!(!published(&app).await.contains(&kid(&old)));
        // A restart does not bring it back, not even the key that is JWT_SECRET.
        let app = app.restart().await;
        assert_eq!(app.protected(&old).await.error(), INVALID, "{algorithm}");
        assert_eq!(app.protected(&new).await.status, 200, "{algorithm}");

        // The same for the active key: the next one replaces it.
        flows::retire_key(&app.state, &kid(&new), true, &Actor::Operator).await.unwrap();
        assert_eq!(app.protected(&new).await.error(), INVALID);
        assert_eq!(app.protected(&app.login("ada").await).await.status, 200);
    }
}

#[tokio::test]
async fn another_process_follows_and_its_tokens_are_good_here() {
    let mut app = TestApp::start_with(&[("JWT_ALGORITHM", "ES256")]).await;
    let token = app.somebody("ada").await;
    let (other, _) = app.another_process().await;
    assert_eq!(other.keys.load().active().id, kid(&token), "one makes the keys, the other takes them");

    flows::rotate_keys(&other, true, &Actor::Operator).await.unwrap();
    let there = other.keys.load().active().id.clone();
    // This process has not followed yet: the other signs with the key that is still next here, and that verifies.
    assert!(app.state.keys.load().find(&there, app.state.world.now()).is_some());
    assert_eq!(app.protected(&token).await.status, 200);

    flows::retire_key(&other, &kid(&token), true, &Actor::Operator).await.unwrap();
    app.follow().await;
    assert_eq!(app.protected(&token).await.error(), INVALID);
    assert_eq!(kid(&app.login("ada").await), there);
}

#[tokio::test]
async fn a_remembered_token_is_rejected_after_a_sign_out() {
    for algorithm in ["HS256", "EdDSA", "ES256", "RS256"] {
        let mut app = TestApp::start_with(&[("JWT_ALGORITHM", algorithm)]).await;
        let (here, elsewhere) = (app.somebody("ada").await, app.login("ada").await);
        for token in [&here, &elsewhere, &here, &elsewhere] {
            assert_eq!(app.protected(token).await.status, 200);
        }
        app.logout(&here).await;
        assert_eq!(app.protected(&here).await.error(), "401 token_revoked Token has been revoked", "{algorithm}");

        flows::remove_user(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
        app.follow().await;
        assert_eq!(app.protected(&elsewhere).await.error(), "401 token_revoked Token has been revoked");
    }
}

#[tokio::test]
async fn rotation_under_load_loses_no_request() {
    let app = Arc::new(TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA")]).await);
    let tokens = Arc::new([app.somebody("ada").await, app.login("ada").await]);
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let readers: Vec<_> = (0..4)
        .map(|number| {
            let (app, tokens) = (Arc::clone(&app), Arc::clone(&tokens));
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let answer = app.protected(&tokens[number % 2]).await;
                    assert_eq!(answer.status, 200, "{answer:?}");
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for _ in 0..20 {
        let before = answered.load(Ordering::SeqCst);
        flows::rotate_keys(&app.state, true, &Actor::Operator).await.unwrap();
        assert_eq!(app.protected(&app.login("ada").await).await.status, 200);
        // Continues only after requests were answered in between.
        while answered.load(Ordering::SeqCst) == before && readers.iter().all(|reader| !reader.is_finished()) {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test]
async fn private_keys_are_sealed_at_rest() {
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA")]).await;
    let (_, kept) = app.state.store.list_signing_keys().await.unwrap();
    assert_eq!(kept.len(), 2);
    for key in kept {
        let row: Value = serde_json::to_value(key.public.unwrap()).unwrap();
        assert!(row.get("d").is_none());
        let sealed = key.sealed.unwrap();
        assert!(!sealed.contains("PRIVATE") && !sealed.contains("LS0tLS1"), "{sealed}");
        assert!(app.state.key_settings.sealing.open(&sealed, &key.id).is_ok());
        assert!(app.state.key_settings.sealing.open(&sealed, "another id").is_err());
    }
}

#[tokio::test]
async fn with_another_secret_it_does_not_start_and_changes_nothing() {
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA")]).await;
    let token = app.somebody("ada").await;
    let before = app.state.store.list_signing_keys().await.unwrap();
    let other = &SECRET.to_uppercase();

    let refused = app.start_another_with(&[("JWT_ALGORITHM", "EdDSA"), ("JWT_SECRET", other)]).await.err().unwrap();
    assert!(refused.starts_with("JWT_SECRET is not the one"), "{refused}");
    assert_eq!(app.state.store.list_signing_keys().await.unwrap(), before);

    // The command that the message recommends.
    flows::retire_all_keys(&app.state.store).await.unwrap();
    let state = app.start_another_with(&[("JWT_ALGORITHM", "EdDSA"), ("JWT_SECRET", other)]).await.unwrap();
    assert!(state.keys.load().find(&kid(&token), state.world.now()).is_none());
}

#[tokio::test]
async fn changing_the_algorithm_signs_no_user_out_unless_the_family_changes() {
    let folder = tempfile::tempdir().unwrap();
    let made = TestApp::start_with(&[("JWT_ALGORITHM", "ES256")]).await;
    // One key has one algorithm: neither JWT_SECRET nor the file signs with another one.
    let secret = TestApp::start().await;
    let (file, _) = with_key_file(folder.path(), Algorithm::RS256).await;
    for (app, other) in [(&made, "EdDSA"), (&secret, "HS512"), (&file, "PS256")] {
        let token = app.somebody("ada").await;
        // Stopped: a server does not start beside one with another algorithm.
        app.state.presence.leave().await;

        let changed = app.start_another_with(&[("JWT_ALGORITHM", other)]).await.unwrap();
        assert!(lets_in(&changed, &token), "{other}");
        let keys = changed.keys.load();
        assert_eq!(keys.active().algorithm.name(), other);
        assert_ne!(keys.active().id, kid(&token), "{other}");
        // The next start changes nothing.
        let again = app.start_another_with(&[("JWT_ALGORITHM", other)]).await.unwrap();
        assert_eq!(again.keys.load().version, keys.version, "{other}");
        changed.presence.leave().await;
        again.presence.leave().await;

        let back = app.start_another_with(&[]).await.unwrap();
        assert!(lets_in(&back, &token), "{other}");
        assert_eq!(back.keys.load().active().algorithm.name(), part(&token, 0)["alg"]);
        back.presence.leave().await;
    }

    let token = made.login("ada").await;
    let hs256 = made.start_another_with(&[("JWT_ALGORITHM", "HS256")]).await.unwrap();
    assert!(!lets_in(&hs256, &token), "a public key and a secret never stand in one ring");
    let (_, kept) = hs256.store.list_signing_keys().await.unwrap();
    assert!(kept.iter().all(|key| key.public.is_none() && key.state != KeyState::Barred));
}

#[tokio::test]
async fn a_server_neither_takes_the_keys_of_another_algorithm_nor_loses_its_own() {
    for other in ["HS256", "ES256"] {
        let mut app = TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA")]).await;
        let token = app.somebody("ada").await;
        // As a server of an earlier version, which does not say that it runs.
        app.state.presence.leave().await;
        let later = app.start_another_with(&[("JWT_ALGORITHM", other)]).await.unwrap();
        let theirs = later.store.list_signing_keys().await.unwrap();

        app.follow().await;
        flows::tidy_keys(&app.state).await.unwrap();
        for changed in [
            flows::rotate_keys(&app.state, true, &Actor::Operator).await,
            flows::retire_key(&app.state, &kid(&token), true, &Actor::Operator).await,
        ] {
            assert!(matches!(changed, Err(KeysError::Ring(RingError::AnotherAlgorithm { .. }))), "{changed:?}");
        }

        assert_eq!(later.store.list_signing_keys().await.unwrap(), theirs, "{other}");
        assert_eq!(app.protected(&token).await.status, 200, "{other}");
        assert_eq!(kid(&app.login("ada").await), kid(&token), "{other}");

        // The last start has the store, and now it is the other that goes on with what it has.
        later.presence.leave().await;
        let app = app.restart().await;
        let ours = app.state.store.list_signing_keys().await.unwrap();
        flows::follow_keys(&later).await.unwrap();
        flows::tidy_keys(&later).await.unwrap();
        assert_eq!(app.state.store.list_signing_keys().await.unwrap(), ours, "{other}");
        assert_eq!(later.keys.load().active().algorithm.name(), other);
        // Where both have one algorithm, they have one ring.
        let joined = app.start_another_with(&[]).await.unwrap();
        assert_eq!(joined.keys.load().version, ours.0);
    }
}

#[tokio::test]
async fn in_any_order_of_readers_the_newest_keys_stay() {
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA")]).await;
    for _ in 0..20 {
        let before = app.state.keys.load().version;
        let (followed, rotated, tidied) = tokio::join!(
            flows::follow_keys(&app.state),
            flows::rotate_keys(&app.state, true, &Actor::Operator),
            flows::tidy_keys(&app.state),
        );
        rotated.and(followed).and(tidied).unwrap();
        let version = app.state.keys.load().version;
        assert!(version > before && version == app.state.store.signing_keys_version().await.unwrap());
    }
}

#[tokio::test]
async fn two_first_starts_at_once_agree_on_the_keys() {
    let app = TestApp::start().await;
    flows::retire_all_keys(&app.state.store).await.unwrap();
    app.state.presence.leave().await;
    let settings = [("JWT_ALGORITHM", "ES384")];
    let (one, two) = tokio::join!(app.start_another_with(&settings), app.start_another_with(&settings));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.keys.load().active().id, two.keys.load().active().id);
    assert_eq!(one.keys.load().key_set(one.world.now()).json, two.keys.load().key_set(two.world.now()).json);
}
