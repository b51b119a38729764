//! `/.well-known/jwks.json` as readers fetch it: often, and only if it has changed. `key_ring.rs` has its order, and
//! `algorithms.rs` what stands in it.

use std::time::Duration;

use handstamp::server::flows::{self, Actor};

use crate::harness::{Answer, TestApp};

const KEYS: &str = "/.well-known/jwks.json";

async fn if_not(app: &TestApp, method: &str, known: &str) -> Answer {
    app.send(method, KEYS, &[("if-none-match", known)], None).await
}

fn tag(answer: &Answer) -> String {
    answer.header("etag").unwrap().to_owned()
}

#[tokio::test]
async fn a_reader_that_has_the_keys_gets_304_until_they_change() {
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "ES256")]).await;
    let first = app.get(KEYS).await;
    let known = tag(&first);
    assert!(known.starts_with('"') && known.ends_with('"') && known.len() > 20, "{known}: a strong one");
    for same in [known.clone(), format!("W/{known}"), format!("\"other\", {known}"), "*".into()] {
        let answer = if_not(&app, "GET", &same).await;
        assert_eq!((answer.status, answer.body.as_str()), (304, ""), "{same}");
        assert_eq!(answer.header("etag"), Some(known.as_str()), "{same}");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        assert_eq!(answer.header("content-type"), None);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    assert_eq!(if_not(&app, "HEAD", &known).await.status, 304);
    for other in ["\"other\"", "", "nonsense", "W/\"\"", &known[1..]] {
        let answer = if_not(&app, "GET", other).await;
        assert_eq!((answer.status, &answer.body), (200, &first.body), "{other}");
    }
    let head = app.send("HEAD", KEYS, &[], None).await;
    assert_eq!((head.status, head.header("etag")), (200, Some(known.as_str())));
    assert_eq!(head.header("content-length"), Some(first.body.len().to_string().as_str()));

    flows::rotate_keys(&app.state, true, &Actor::Operator).await.unwrap();
    let second = if_not(&app, "GET", &known).await;
    assert_eq!(second.status, 200);
    assert_eq!(second.json()["keys"].as_array().unwrap().len(), 3);
    assert_ne!(tag(&second), known);
    // Another process, and this one after a restart, have the same tag for the same keys.
    let (other, _) = app.another_process().await;
    assert_eq!(other.keys.load().key_set(other.world.now()).tag, tag(&second));
    let app = app.restart().await;
    assert_eq!(if_not(&app, "GET", &tag(&second)).await.status, 304);
}

#[tokio::test]
async fn a_retired_key_leaves_the_set_at_its_second_without_a_change_of_the_ring() {
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA")]).await;
    flows::rotate_keys(&app.state, true, &Actor::Operator).await.unwrap();
    app.pass(Duration::from_mins(1));
    flows::rotate_keys(&app.state, true, &Actor::Operator).await.unwrap();
    let (_, kept) = app.state.store.list_signing_keys().await.unwrap();
    let mut ends: Vec<_> = kept.iter().filter_map(|key| key.state.verifies_until()).collect();
    ends.sort_unstable();
    assert_eq!(ends.len(), 2);
    for (end, left) in ends.into_iter().zip([3, 2]) {
        app.pass(Duration::from_secs(end.seconds_since(app.state.world.now()) - 1));
        let before = app.get(KEYS).await;
        assert_eq!(before.json()["keys"].as_array().unwrap().len(), left + 1);
        app.pass(Duration::from_secs(1));
        let after = if_not(&app, "GET", &tag(&before)).await;
        assert_eq!((after.status, after.json()["keys"].as_array().unwrap().len()), (200, left));
    }
}

#[tokio::test]
async fn without_public_keys_the_set_is_empty_and_has_a_tag_too() {
    let app = TestApp::start().await;
    let answer = app.get(KEYS).await;
    assert_eq!(answer.body, r#"{"keys":[]}"#);
    assert_eq!(if_not(&app, "GET", &tag(&answer)).await.status, 304);
}
