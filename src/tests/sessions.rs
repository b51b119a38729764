//! A user's sessions: listed, ended one by one, all except the current one, and by an operator. By exact ids.

use std::future::pending;
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse as _;
use futures::{StreamExt as _, stream};
use handstamp::server::flows::{self, Actor, Target};
use handstamp::server::http;
use serde_json::json;

use crate::harness::{MORNING, PASSWORD, TestApp, Tokens, bearer, part};

const REVOKED: &str = "401 token_revoked Token has been revoked";
const NOT_FOUND: &str = "404 not_found Not found";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";

async fn login_from(app: &TestApp, user_agent: &str) -> Tokens {
    let headers = [("content-type", "application/json"), ("user-agent", user_agent)];
    let body = json!({ "username": "ada", "password": PASSWORD, "remember": true }).to_string();
    app.send("POST", "/login", &headers, Some(&body)).await.tokens()
}

fn session_id(tokens: &Tokens) -> String {
    part(&tokens.access, 1)["sid"].as_str().unwrap().to_owned()
}

async fn end(app: &TestApp, id: &str, access_token: &str) -> crate::harness::Answer {
    app.send("DELETE", &format!("/sessions/{id}"), &[("authorization", &bearer(access_token))], None).await
}

async fn end_others(app: &TestApp, access_token: &str) -> crate::harness::Answer {
    app.send("DELETE", "/sessions", &[("authorization", &bearer(access_token))], None).await
}

#[tokio::test]
async fn users_see_their_own_sessions_and_which_one_is_current() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    app.somebody("bob").await;
    let laptop = login_from(&app, FIREFOX).await;
    app.pass(Duration::from_mins(1));
    let script = login_from(&app, "curl/8.14.1").await;
    app.pass(Duration::from_mins(1));
    let script = app.refresh(&script.refresh).await.tokens();

    let listed = app.get_as("/sessions", &laptop.access).await;
    assert_eq!(listed.header("cache-control"), Some("no-store"));
    let expires_at = |rotated: i64| rotated + 14 * 24 * 3600;
    assert_eq!(
        listed.json(),
        json!([
            {
                "id": session_id(&laptop), "device": "Firefox on Windows", "ip": "127.0.0.1",
                // The request for this list uses it.
                "started_at": MORNING, "last_used_at": MORNING + 120, "expires_at": expires_at(MORNING), "current": true,
            },
            {
                "id": session_id(&script), "device": "curl", "ip": "127.0.0.1",
                "started_at": MORNING + 60, "last_used_at": MORNING + 120, "expires_at": expires_at(MORNING + 120),
                "current": false,
            },
        ])
    );
    let headers = [("authorization", &*bearer(&laptop.access)), ("sec-fetch-site", "same-origin")];
    assert_eq!(app.send("GET", "/api/sessions", &headers, None).await.json().as_array().unwrap().len(), 2);
    app.logout(&script.access).await;
    app.pass(Duration::from_secs(1));
    assert_eq!(app.get_as("/sessions", &laptop.access).await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_expired_session_is_not_listed_even_before_a_purge() {
    let app = TestApp::start_with(&[("JWT_REFRESH_TOKEN_IDLE", "1h")]).await;
    app.somebody("ada").await;
    app.pass(Duration::from_hours(1));
    let now = app.tokens("ada").await;
    assert_eq!(app.get_as("/sessions", &now.access).await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a40_a_user_can_end_only_own_sessions() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let mallory = app.somebody("mallory").await;
    let (phone, laptop) = (app.tokens("ada").await, app.tokens("ada").await);
    let id = session_id(&phone);

    assert_eq!(end(&app, &id, &mallory).await.error(), NOT_FOUND);
    assert_eq!(app.protected(&phone.access).await.status, 200);
    for nobodys in ["x", &"A".repeat(22), "..%2f..", "%00"] {
        assert_eq!(end(&app, nobodys, &laptop.access).await.error(), NOT_FOUND, "{nobodys}");
    }

    let ended = end(&app, &id, &laptop.access).await;
    assert_eq!((ended.status, ended.body.as_str()), (200, r#"{"msg":"Session ended"}"#));
    assert_eq!(app.protected(&phone.access).await.error(), REVOKED);
    assert_eq!(app.refresh(&phone.refresh).await.error(), REVOKED);
    assert_eq!(end(&app, &id, &laptop.access).await.error(), NOT_FOUND);
    assert_eq!(app.protected(&laptop.access).await.status, 200);

    // The pages' function does the same.
    let tablet = app.tokens("ada").await;
    let body = format!("id={}", session_id(&tablet));
    assert_eq!(app.call("end-session", Some(&mallory), &body).await.error(), NOT_FOUND);
    assert_eq!(app.call("end-session", Some(&laptop.access), &body).await.status, 200);
    assert_eq!(app.protected(&tablet.access).await.error(), REVOKED);
}

#[tokio::test]
async fn ending_all_other_sessions_needs_a_fresh_token() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let bob = app.somebody("bob").await;
    let others = [app.tokens("ada").await, app.tokens("ada").await];
    let stale = app.tokens("ada").await;
    app.pass(Duration::from_mins(10));
    let stale = app.refresh(&stale.refresh).await.tokens();
    let not_fresh = "401 fresh_token_required Fresh token required";
    assert_eq!(end_others(&app, &stale.access).await.error(), not_fresh);
    assert_eq!(app.call("end-other-sessions", Some(&stale.access), "").await.error(), not_fresh);
    assert_eq!(app.refresh(&others[0].refresh).await.status, 200);

    let fresh = app.tokens("ada").await;
    let ended = end_others(&app, &fresh.access).await;
    assert_eq!((ended.status, ended.body.as_str()), (200, r#"{"msg":"All other sessions ended"}"#));
    for tokens in others.iter().chain([&stale]) {
        assert_eq!(app.refresh(&tokens.refresh).await.error(), REVOKED);
    }
    assert_eq!(app.protected(&stale.access).await.error(), REVOKED);
    assert_eq!(app.protected(&fresh.access).await.status, 200);
    assert_eq!(app.refresh(&fresh.refresh).await.status, 200);
    assert_eq!(app.get_as("/me", &bob).await.error(), "401 token_expired Token has expired", "and only then");

    let another = app.tokens("ada").await;
    assert_eq!(app.call("end-other-sessions", Some(&fresh.access), "").await.status, 200);
    assert_eq!(app.protected(&another.access).await.error(), REVOKED);
}

#[tokio::test]
async fn a19_a_sign_in_in_the_same_second_after_all_sessions_ended_works() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let mut before = app.tokens("ada").await;
    for round in 0..20 {
        // The clock does not move: it is always the same second.
        flows::end_all_sessions(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
        let after = app.tokens("ada").await;
        assert_eq!(part(&before.access, 1)["iat"], part(&after.access, 1)["iat"]);
        assert_eq!(app.protected(&before.access).await.error(), REVOKED, "round {round}");
        assert_eq!(app.refresh(&before.refresh).await.error(), REVOKED, "round {round}");
        assert_eq!(app.protected(&after.access).await.status, 200, "round {round}");
        before = after;
    }
}

#[tokio::test]
async fn the_page_at_the_same_path_contains_no_data_of_a_user() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let stranger = app.send("GET", "/sessions", &[html], None).await;
    let known = app.send("GET", "/sessions", &[html, ("authorization", &bearer(&token))], None).await;
    for page in [&stranger, &known] {
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").unwrap().starts_with("text/html"));
        assert!(!page.body.contains("ada") && page.header("vary").unwrap().contains("accept"));
    }
    assert_eq!(app.get("/sessions").await.error(), "401 missing_token Missing Authorization Header");
}

#[tokio::test]
async fn a45_an_answer_that_stays_open_ends_with_the_session() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let (watching, waiting, other) = (app.tokens("ada").await, app.tokens("ada").await, app.tokens("ada").await);
    let user = |tokens: &Tokens| flows::authenticate(&app.state, [bearer(&tokens.access).as_bytes()]).unwrap();

    let ticks = async { Body::from_stream(stream::repeat(Ok::<_, std::convert::Infallible>("tick"))).into_response() };
    let stream = http::answer_while_signed_in(&app.state, &user(&watching), ticks).await;
    let mut ticks = stream.into_body().into_data_stream();
    let (state, waits) = (app.state.clone(), user(&waiting));
    let long_poll = tokio::spawn(async move { http::answer_while_signed_in(&state, &waits, pending()).await });
    app.logout(&other.access).await;
    for _ in 0..100 {
        assert!(ticks.next().await.is_some(), "the end of another session ends nothing here");
    }
    assert!(!long_poll.is_finished());

    flows::end_all_sessions(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();

    assert_eq!(long_poll.await.unwrap().status(), 401);
    while let Some(tick) = ticks.next().await {
        tick.unwrap();
    }
}

#[tokio::test]
async fn ending_the_current_session_is_acknowledged() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    for _ in 0..20 {
        let token = app.login("ada").await;
        let id = part(&token, 1)["sid"].as_str().unwrap().to_owned();

        let answer = app.send("DELETE", &format!("/sessions/{id}"), &[("authorization", &bearer(&token))], None).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(app.protected(&token).await.status, 401);
    }
}
