//! Other services: introspection (RFC 7662), revocation (RFC 7009). `revocation_feed.rs` has the feed of the blocklist.

use std::sync::atomic::Ordering;
use std::time::Duration;

use handstamp::server::flows::{self, Actor};

use crate::harness::{Answer, Client, TestApp, part};

const INACTIVE: &str = r#"{"active":false}"#;
const NO_CLIENT: &str = "401 invalid_client Client authentication failed";
const REVOKED: &str = "401 token_revoked Token has been revoked";

impl TestApp {
    async fn introspect(&self, client: &Client, token: &str) -> Answer {
        self.as_client("POST", "/introspect", client, &format!("token={token}&token_type_hint=access_token")).await
    }
}

#[tokio::test]
async fn introspection_shows_a_client_all_claims_of_a_valid_token() {
    let app = TestApp::start_with(&[("ADDITIONAL_CLAIMS", r#"{"tenant":"north"}"#)]).await;
    let (client, token) = (app.client("billing").await, app.somebody("ada").await);

    let answer = app.introspect(&client, &token).await;

    let (facts, claims) = (answer.json(), part(&token, 1));
    assert_eq!(facts["active"], true);
    assert_eq!(facts["token_type"], "Bearer");
    for name in ["iss", "aud", "sub", "username", "client_id", "sid", "jti", "iat", "nbf", "exp", "roles", "tenant"]
        .into_iter()
        .chain(["amr", "auth_time", "acr"])
    {
        assert_eq!(facts[name], claims[name], "{name}");
    }
    assert_eq!(facts.as_object().unwrap().len(), 17);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn s15_introspection_of_a_bad_token_shows_only_that_it_is_inactive() {
    let app = TestApp::start().await;
    let (client, ended, expired) = (app.client("billing").await, app.somebody("ada").await, app.login("ada").await);
    app.logout(&ended).await;
    let bent = format!("{}x", &expired[..expired.len() - 1]);
    let too_long = "a".repeat(5000);
    for bad in [ended.as_str(), &bent, "x", "a.b.c", "%00", &too_long] {
        let answer = app.introspect(&client, bad).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, INACTIVE));
    }
    app.pass(Duration::from_hours(1));
    assert_eq!(app.introspect(&client, &expired).await.body, INACTIVE);
    for empty in ["", "token="] {
        let answer = app.as_client("POST", "/introspect", &client, empty).await;
        assert_eq!(answer.error(), "400 invalid_request Malformed request");
    }
}

#[tokio::test]
async fn only_a_client_with_its_own_secret_may_ask() {
    let app = TestApp::start().await;
    let (billing, mail, token) = (app.client("billing").await, app.client("mail").await, app.somebody("ada").await);
    let wrong = |name: &str, secret: &str| Client { name: name.into(), secret: secret.into() };
    for client in [wrong("billing", &mail.secret), wrong("billing", ""), wrong("nobody", &mail.secret), wrong("", "")] {
        for (method, path) in [("POST", "/introspect"), ("GET", "/revocations"), ("POST", "/revoke")] {
            let answer = app.as_client(method, path, &client, &format!("token={token}")).await;
            assert_eq!(answer.error(), NO_CLIENT, "{path}");
            assert_eq!(answer.header("www-authenticate"), Some(r#"Basic realm="handstamp""#));
        }
    }
    // A signed-in user has no access either.
    assert_eq!(app.get_as("/revocations", &token).await.error(), NO_CLIENT);
    assert_eq!(app.introspect(&mail, &token).await.json()["active"], true);

    flows::remove_client(&app.state, "mail").await.unwrap();
    assert_eq!(app.introspect(&mail, &token).await.error(), NO_CLIENT);
    assert_eq!(app.introspect(&billing, &token).await.status, 200);
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once_and_its_session_lives() {
    let app = TestApp::start().await;
    let (client, one, two) = (app.client("billing").await, app.somebody("ada").await, app.login("ada").await);

    let by_client = app.as_client("POST", "/revoke", &client, &format!("token={one}")).await;
    assert_eq!((by_client.status, by_client.body.as_str()), (200, ""));
    assert_eq!(app.protected(&one).await.error(), REVOKED);

    let by_holder = app.post_form("/revoke", &format!("token={two}&token_type_hint=access_token")).await;
    assert_eq!(by_holder.status, 200);
    assert_eq!(app.protected(&two).await.error(), REVOKED);
    assert_eq!(app.introspect(&client, &two).await.body, INACTIVE);

    // And after a crash, because the rows were written first.
    let app = app.restart().await;
    for token in [&one, &two] {
        assert_eq!(app.protected(token).await.error(), REVOKED);
    }
}

#[tokio::test]
async fn a_token_is_revoked_at_any_time_of_the_clock() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let client = app.client("billing").await;
    let mut revoked = Vec::new();
    // Not yet valid if the clock is behind; expired long ago if it is ahead.
    for (off, seen_before) in [(-60, false), (-60, true), (3600, false), (3600, true)] {
        let token = app.login("ada").await;
        if seen_before {
            assert_eq!(app.protected(&token).await.status, 200);
        }
        app.clock.fetch_add(off, Ordering::SeqCst);

        assert_eq!(app.post_form("/revoke", &format!("token={token}")).await.status, 200);

        let told = app.revocations(&client, "", &[]).await.json();
        let told = told["entries"].as_array().unwrap().iter().any(|entry| entry["jti"] == part(&token, 1)["jti"]);
        assert!(told, "{off}: who follows the blocklist is told too");
        flows::purge_expired(&app.state).await.unwrap();
        app.clock.fetch_sub(off, Ordering::SeqCst);
        assert_eq!(app.protected(&token).await.error(), REVOKED, "{off}");
        revoked.push(token);
    }
    let app = app.restart().await;
    for token in &revoked {
        assert_eq!(app.protected(token).await.error(), REVOKED);
    }
    // It also does not depend on whether its key has expired by the clock.
    let token = app.login("ada").await;
    flows::rotate_keys(&app.state, true, &Actor::Operator).await.unwrap();
    app.clock.fetch_add(3600, Ordering::SeqCst);
    assert_eq!(app.post_form("/revoke", &format!("token={token}")).await.status, 200);
    app.clock.fetch_sub(3600, Ordering::SeqCst);
    assert_eq!(app.protected(&token).await.error(), REVOKED);
}

#[tokio::test]
async fn s14_the_answer_to_a_revocation_does_not_show_whether_the_token_existed() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let again = app.login("ada").await;
    app.post_form("/revoke", &format!("token={token}")).await;
    let answers = [
        app.post_form("/revoke", &format!("token={again}")).await,
        app.post_form("/revoke", &format!("token={token}")).await,
        app.post_form("/revoke", "token=unknown").await,
        app.post_form("/revoke", "token=a.b.c&token_type_hint=nonsense").await,
        app.post_json("/revoke", r#"{"token":"x"}"#).await,
    ];
    for answer in answers {
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    }
    assert_eq!(app.post_form("/revoke", "").await.error(), "400 invalid_request Malformed request");
    let evil = [("origin", "https://evil.example"), ("content-type", "application/x-www-form-urlencoded")];
    let answer = app.send("POST", "/revoke", &evil, Some("token=x")).await;
    assert_eq!(answer.error(), "403 cross_site_request Cross-site request refused");
}
