//! What strangers in great numbers cannot do to others: take all the hashing there is.

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
    let sign_up = async |number: u32, invitation: &str, address: &str| {
        // Refused before it is hashed, so that the spec is quick; each counts like one that is not.
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
    let _taken = app.state.hash_pool.place().unwrap();
    let body = r#"{"username":"ada","password":"nine small green apples","invitation":"AAAAAAAAAAAAAAAAAAAAAA"}"#;

    let refused = app.post_json("/signup", body).await;

    // With a place to hash it would have been the same; without one it is not 503.
    assert!(refused.error().starts_with("403 bad_invitation"));
}

#[tokio::test]
async fn a_crowd_that_fills_the_queue_does_not_keep_a_known_browser_out() {
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
async fn whoever_would_wait_in_vain_is_told_so_at_once() {
    let app = TestApp::start_with(&[("HASH_CONCURRENCY", "1"), ("HASH_QUEUE", "0")]).await;
    app.add_user("ada").await;
    let cookie = device_cookie(&browser(&app, "ada", "", PASSWORD).await);
    let router = http::router(&app.state, Limits::default());
    // The status, if there is one without waiting. Between two of these nothing else runs, so nobody's turn passes on.
    let ask = |method, path, header: (&str, &str)| {
        let request = Request::builder().method(method).uri(path).header(header.0, header.1);
        let body = Body::from(r#"{"username":"ada","password":"wrong"}"#);
        let answer = router.clone().oneshot(request.body(body).unwrap()).now_or_never();
        answer.map(|answer| answer.unwrap().status().as_u16())
    };
    let json = ("content-type", "application/json");
    let place = app.state.hash_pool.place().unwrap();
    while ask("GET", "/healthz", json).is_some() {}

    assert_eq!(ask("POST", "/login", json), Some(503));
    assert_eq!(ask("POST", "/api/login", json), Some(503));
    assert_eq!(ask("POST", "/login", ("cookie", &cookie)), None, "it may be known, and a place be kept for it");
    assert_eq!(ask("POST", "/api/login", ("accept", "text/html")), None, "it must be led back to its form");
    assert_eq!(ask("GET", "/login", json), None);
    assert_eq!(ask("GET", "/protected", json), Some(401), "where there is nothing to do nobody waits");
    drop(place);
    assert_eq!(ask("POST", "/login", json), None, "there may be a place when its turn comes");
}
