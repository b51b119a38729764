//! Many unknown clients cannot take all the hashing from others.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use futures::FutureExt as _;
use handstamp::server::http::{self, Limits};
use tower::ServiceExt as _;

use crate::harness::{PASSWORD, TestApp};
use crate::throttle::{browser, device_cookie, retry_after};

#[tokio::test]
async fn accounts_are_not_made_by_the_thousand_from_one_address() {
    let app = TestApp::start_with(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    app.add_administrator("root").await;
    let sign_up = async |number: u32, invitation: &str, address: &str| {
        // Refused before hashing, so that the spec is fast. It counts like a hashed one.
        let body =
            serde_json::json!({ "username": format!("user{number}"), "password": "short", "invitation": invitation });
        let headers = [("content-type", "application/json"), ("x-forwarded-for", address)];
        app.send("POST", "/signup", &headers, Some(&body.to_string())).await
    };
    let too_short = sign_up(0, "", "192.0.2.9").await.error();
    assert!(too_short.starts_with("400 password_too_short"));
    for number in 0..30 {
        assert_eq!(sign_up(number, "", "192.0.2.1").await.error(), too_short);
    }

    assert_eq!(retry_after(&sign_up(30, "", "192.0.2.1").await), 120);
    assert_eq!(retry_after(&sign_up(30, "an invitation", "192.0.2.1").await), 120);
    assert_eq!(sign_up(31, "", "192.0.2.2").await.error(), too_short, "others are let in");
    app.pass(Duration::from_mins(2));
    assert_eq!(sign_up(32, "", "192.0.2.1").await.error(), too_short);
    assert_eq!(sign_up(33, "", "192.0.2.1").await.status, 429);
}

#[tokio::test]
async fn a_made_up_invitation_costs_no_hash() {
    let app = TestApp::start_with(&[("SIGNUP", "closed"), ("HASH_CONCURRENCY", "1"), ("HASH_QUEUE", "0")]).await;
    app.add_administrator("root").await;
    let _taken = app.state.hash_pool.place().unwrap();
    let body = r#"{"username":"ada","password":"nine small green apples","invitation":"AAAAAAAAAAAAAAAAAAAAAA"}"#;

    let refused = app.post_json("/signup", body).await;

    // With a free place the result would be the same. Without one, it is still not 503.
    assert!(refused.error().starts_with("403 bad_invitation"));
}

#[tokio::test]
async fn a_full_queue_of_unknown_clients_does_not_block_a_known_browser() {
    let app = TestApp::start_with(&[("HASH_CONCURRENCY", "1"), ("HASH_QUEUE", "1")]).await;
    app.add_user("ada").await;
    let cookie = device_cookie(&browser(&app, "ada", "", PASSWORD).await);
    let crowd = [app.state.hash_pool.place().unwrap(), app.state.hash_pool.place().unwrap()];
    assert!(app.state.hash_pool.place().is_err());

    let stranger = browser(&app, "ada", "", PASSWORD).await;
    let owner = browser(&app, "ada", &cookie, PASSWORD).await;

    assert_eq!((stranger.status, owner.status), (503, 200));
    drop(crowd);
}

#[tokio::test]
async fn no_more_requests_wait_for_a_hash_than_there_are_places() {
    let app = TestApp::start_with(&[("HASH_CONCURRENCY", "1"), ("HASH_QUEUE", "0")]).await;
    app.add_user("ada").await;
    let cookie = device_cookie(&browser(&app, "ada", "", PASSWORD).await);
    let router = http::router(&app.state, Limits::default());
    // The result without waiting. Nothing else runs between two of these, so no turn passes to the next request.
    let ask = |door: (&str, &str), header: (&str, &str), held: &Arc<()>| {
        let request = Request::builder().method(door.0).uri(door.1).header(header.0, header.1).extension(held.clone());
        let body = Body::from(r#"{"username":"ada","password":"wrong"}"#);
        let mut answer = Box::pin(router.clone().oneshot(request.body(body).unwrap()));
        let at_once = (&mut answer).now_or_never().map(|answer| answer.unwrap().status().as_u16());
        (at_once, answer)
    };
    let sign_in = |held: &Arc<()>| ask(("POST", "/login"), ("content-type", "application/json"), held);
    let held = Arc::new(());
    let json = ("content-type", "application/json");
    while ask(("GET", "/healthz"), json, &held).0.is_some() {}

    assert_eq!(ask(("GET", "/protected"), json, &held).0, Some(401), "no public door");
    let hopeful = sign_in(&held);
    assert_eq!((hopeful.0, app.state.hash_pool.place().is_err()), (None, true), "it waits with the place");
    let kept = Arc::new(());
    let hopeless = [sign_in(&kept), ask(("POST", "/api/login"), json, &kept)];
    assert_eq!(hopeless.each_ref().map(|(at_once, _)| *at_once), [None, None], "their turn comes, too");
    assert_eq!(Arc::strong_count(&kept), 1, "nothing that came with them is kept meanwhile");
    let others = [
        ask(("POST", "/login"), ("cookie", &cookie), &kept),
        ask(("POST", "/api/login"), ("accept", "text/html"), &kept),
        ask(("GET", "/login"), json, &kept),
    ];
    assert!(Arc::strong_count(&kept) > others.len(), "a known browser, a form without the program and a page wait");

    drop(hopeful);
    assert!(app.state.hash_pool.place().is_ok(), "a request that gives up leaves its place");
    for (_, answer) in hopeless {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 503, "there was none when they came");
        assert_eq!(answer.headers()["retry-after"], "1");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
    let metrics = app.get("/metrics").await.body;
    assert!(metrics.contains(r#"handstamp_requests_total{door="POST /login",status="503"} 1"#), "{metrics}");
}
