//! Sign out: the promise.

use std::sync::atomic::Ordering;
use std::time::Duration;

use handstamp::server::flows::{self, Actor, Target};

use crate::harness::{TestApp, Tokens, bearer, part};

const REVOKED: &str = "401 token_revoked Token has been revoked";

#[tokio::test]
async fn s1_a_signed_out_token_is_refused_at_the_very_next_request() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let Tokens { access: token, refresh } = app.tokens("ada").await;

    let answer = app.logout(&token).await;

    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"msg":"Access token revoked"}"#));
    let refused = app.protected(&token).await;
    assert_eq!(refused.error(), REVOKED);
    assert_eq!(refused.body, r#"{"code":"token_revoked","msg":"Token has been revoked"}"#);
    assert_eq!(refused.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
    assert_eq!(app.get_as("/me", &token).await.error(), REVOKED);
    assert_eq!(app.refresh(&refresh).await.error(), REVOKED);
}

#[tokio::test]
async fn the_pages_door_ends_the_same_session() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;

    assert_eq!(app.call("logout", Some(&token), "").await.status, 200);

    assert_eq!(app.protected(&token).await.error(), REVOKED);
}

#[tokio::test]
async fn post_signs_out_as_delete_does() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let post = async |headers: &[(&str, &str)], body: Option<&str>| app.send("POST", "/logout", headers, body).await;
    // Most clients send a body, or say what it would be; it does not matter.
    for (kind, body) in [("", ""), ("application/json", "{}"), ("application/json", "{"), ("text/plain", "x")] {
        let tokens = app.tokens("ada").await;
        for token in [&tokens.access, &tokens.refresh, &tokens.access] {
            let authorization = bearer(token);
            let mut headers = vec![("authorization", authorization.as_str())];
            headers.extend((!kind.is_empty()).then_some(("content-type", kind)));
            let answer = post(&headers, Some(body)).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"msg":"Access token revoked"}"#), "{kind}");
        }
        assert_eq!(app.protected(&tokens.access).await.error(), REVOKED);
        assert_eq!(app.refresh(&tokens.refresh).await.error(), REVOKED);
    }
    assert_eq!(post(&[], None).await.error(), "401 missing_token Missing Authorization Header");
    let late = app.login("ada").await;
    app.pass(Duration::from_hours(1));
    assert_eq!(post(&[("authorization", &bearer(&late))], None).await.status, 200);

    let token = app.login("ada").await;
    let authorization = bearer(&token);
    for site in ["cross-site", "same-site", "none"] {
        let answer = post(&[("authorization", &authorization), ("sec-fetch-site", site)], None).await;
        assert_eq!(answer.error(), "403 cross_site_request Cross-site request refused", "{site}");
    }
    assert_eq!(app.protected(&token).await.status, 200);
}

#[tokio::test]
async fn only_this_session_ends() {
    let app = TestApp::start().await;
    let (phone, laptop) = (app.somebody("ada").await, app.login("ada").await);

    app.logout(&phone).await;

    assert_eq!(app.protected(&laptop).await.status, 200);
}

#[tokio::test]
async fn a21_signing_out_twice_or_with_an_expired_token_is_no_error() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    assert_eq!(app.logout(&token).await.status, 200);
    assert_eq!(app.logout(&token).await.status, 200);

    let late = app.login("ada").await;
    app.pass(Duration::from_hours(1));
    assert_eq!(app.protected(&late).await.error(), "401 token_expired Token has expired");
    assert_eq!(app.logout(&late).await.status, 200);
}

#[tokio::test]
async fn a_sign_out_does_not_depend_on_the_clock() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    for off in [-60, 3600] {
        let token = app.login("ada").await;
        app.clock.fetch_add(off, Ordering::SeqCst);
        assert_eq!(app.logout(&token).await.status, 200, "{off}");
        app.clock.fetch_sub(off, Ordering::SeqCst);
        assert_eq!(app.protected(&token).await.error(), REVOKED, "{off}");
    }
}

#[tokio::test]
async fn a_refresh_token_of_any_generation_signs_out() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let living = app.tokens("ada").await;
    for generations in 0..2 {
        let first = app.tokens("ada").await;
        let mut newest = first.clone();
        for _ in 0..generations {
            newest = app.refresh(&newest.refresh).await.tokens();
        }

        let answer = app.logout(&first.refresh).await;

        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"msg":"Access token revoked"}"#));
        assert_eq!(app.protected(&newest.access).await.error(), REVOKED);
        assert_eq!(app.refresh(&newest.refresh).await.error(), REVOKED);
        assert_eq!(app.logout(&first.refresh).await.status, 200, "twice is no error");
    }
    let page = app.tokens("ada").await;
    assert_eq!(app.call("logout", Some(&page.refresh), "").await.status, 200);
    assert_eq!(app.protected(&page.access).await.error(), REVOKED);

    let bent = format!("{}A", living.refresh);
    assert_eq!(app.logout(&bent).await.error(), "401 invalid_token Invalid token");
    assert_eq!(app.protected(&living.access).await.status, 200);
}

#[tokio::test]
async fn a21_a_client_without_a_valid_token_ends_no_session() {
    let app = TestApp::start().await;
    assert_eq!(
        app.send("DELETE", "/logout", &[], None).await.error(),
        "401 missing_token Missing Authorization Header"
    );
    assert_eq!(app.logout("a.b.c").await.error(), "401 invalid_token Invalid token");
}

#[tokio::test]
async fn a18_s2_after_a_restart_revoked_tokens_stay_rejected() {
    let app = TestApp::start().await;
    let (ended, living) = (app.somebody("ada").await, app.login("ada").await);
    app.logout(&ended).await;

    let app = app.restart().await;

    assert_eq!(app.protected(&ended).await.error(), REVOKED);
    assert_eq!(app.protected(&living).await.status, 200);
}

#[tokio::test]
async fn a_sign_out_survives_a_kill_right_after_its_answer() {
    let app = TestApp::start().await;
    let ended = app.somebody("ada").await;
    app.logout(&ended).await;

    // Nothing is closed in order: the other process sees only what is on the disk.
    let (other, _) = app.another_process().await;

    let header = bearer(&ended);
    let refused = flows::authenticate(&other, [header.as_bytes()]);
    assert_eq!(refused, Err(flows::AuthenticateError::Revoked));
}

#[tokio::test]
async fn a18_after_a_purge_or_a_step_back_of_the_clock_revoked_tokens_stay_rejected() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    app.logout(&token).await;

    app.pass(Duration::from_secs(300 + 262));
    flows::purge_expired(&app.state).await.unwrap();
    app.clock.fetch_sub(2 * 262, Ordering::SeqCst);
    assert_eq!(app.protected(&token).await.error(), REVOKED);

    // Long after, the entry is removed; the token has expired by then. A step back restarts the observation of the
    // clock.
    for _ in 0..2 {
        app.pass(Duration::from_hours(2));
        flows::purge_expired(&app.state).await.unwrap();
    }
    assert!(app.state.blocklist.is_empty());
    assert!(app.state.store.list_blocked_since(0).await.unwrap().is_empty());
    assert_eq!(app.protected(&token).await.error(), "401 token_expired Token has expired");
}

#[tokio::test]
async fn sessions_ended_by_another_process_are_rejected_after_the_next_read_of_the_blocklist() {
    let mut app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let (command_line, _) = app.another_process().await;

    flows::remove_user(&command_line, Target::Name("ada"), &Actor::Operator).await.unwrap();
    app.follower.catch_up(&app.state).await.unwrap();

    assert_eq!(app.protected(&token).await.error(), REVOKED);
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_old_one() {
    let mut app = TestApp::start().await;
    let token = app.somebody("ada").await;

    flows::change_password(&app.state, Target::Name("ada"), "a quite different password".into(), &Actor::Operator)
        .await
        .unwrap();
    app.follower.catch_up(&app.state).await.unwrap();

    assert_eq!(app.protected(&token).await.error(), REVOKED);
}

#[tokio::test]
async fn sessions_that_another_process_has_ended_are_rejected_when_their_end_is_acknowledged_here() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let (asking, other) = (app.tokens("ada").await, app.tokens("ada").await);
    let (elsewhere, _) = app.another_process().await;
    let sid = part(&other.access, 1)["sid"].as_str().unwrap().to_owned();
    assert!(flows::end_any_session(&elsewhere, &sid).await.unwrap());
    assert_eq!(app.protected(&other.access).await.status, 200, "the row was not read yet");

    let answer = app.send("DELETE", "/sessions", &[("authorization", &bearer(&asking.access))], None).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(app.protected(&other.access).await.error(), REVOKED);
}
