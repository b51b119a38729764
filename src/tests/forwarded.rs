//! Proxies: which of them are trusted for the visitor's address.

use crate::harness::{Answer, PASSWORD, TestApp, bearer};
use crate::process::{Serving, add_ada};

/// Signs ada in, and returns the address that her list of sessions shows.
async fn shown_address(app: &TestApp, forwarded: &[&str]) -> String {
    let body = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
    let lines = forwarded.iter().map(|line| ("x-forwarded-for", *line));
    let headers: Vec<_> = [("content-type", "application/json")].into_iter().chain(lines).collect();
    let answer = app.send("POST", "/login", &headers, Some(&body)).await;
    sessions(app, &answer.tokens().access).await.json()[0]["ip"].as_str().unwrap().to_owned()
}

async fn sessions(app: &TestApp, token: &str) -> Answer {
    app.send("GET", "/sessions", &[("authorization", &bearer(token))], None).await
}

#[tokio::test]
async fn h13_a_session_shows_the_real_address_behind_our_proxies_and_never_a_forged_one() {
    let app = TestApp::start_with(&[("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")]).await;
    app.add_user("ada").await;
    for (forwarded, expected) in [
        (&[][..], "127.0.0.1"),
        (&["203.0.113.7"][..], "203.0.113.x"),
        (&["198.51.100.1, 203.0.113.7, 10.1.2.3"][..], "203.0.113.x"),
        (&["198.51.100.1", "203.0.113.7"][..], "203.0.113.x"),
        (&["[2001:db8:1:2::3]:4711"][..], "2001:db8:1::/48"),
        (&["203.0.113.7, unknown"][..], "127.0.0.1"),
    ] {
        assert_eq!(shown_address(&app, forwarded).await, expected, "{forwarded:?}");
    }
}

#[tokio::test]
async fn h13_without_a_setting_no_proxy_is_trusted() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    assert_eq!(shown_address(&app, &["203.0.113.7"]).await, "127.0.0.1");
}

#[tokio::test]
async fn h13_a_header_of_a_peer_that_is_not_trusted_is_warned_of_once() {
    let folder = tempfile::tempdir().unwrap();
    add_ada(folder.path()).await;
    for (trusted, warnings) in [("10.0.0.0/8", 1), ("127.0.0.0/8", 0)] {
        let serving = Serving::start_with(folder.path(), &[("TRUSTED_PROXIES", trusted)]);
        for _ in 0..3 {
            serving.login_from("203.0.113.7").await;
        }
        let (_, log) = serving.stop();
        assert_eq!(log.matches("put its address into TRUSTED_PROXIES").count(), warnings, "{trusted}: {log}");
    }
}
