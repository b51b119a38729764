//! Security events: the user and administrators see what happened to an account.

use std::time::Duration;

use handstamp::server::domain::security_event::EventKind::{
    Disabled, Enabled, MadeAdmin, PasswordChanged, Removed, SignedUp,
};
use handstamp::server::flows::{self, Actor, Target};

use crate::harness::{Answer, PASSWORD, TestApp};

impl TestApp {
    /// Returns the events that a user sees: kinds, newest first.
    async fn kinds(&self, token: &str) -> Vec<String> {
        kinds(&self.get_as("/api/events", token).await)
    }
}

fn kinds(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.json();
    let events = json["events"].as_array().unwrap();
    events.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_user_sees_sign_ins_and_failed_attempts() {
    let app = TestApp::start().await;
    app.add_administrator("root").await;
    let made = app.post_json("/signup", &format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#)).await;
    assert_eq!(made.status, 201);
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
    let headers = [("content-type", "application/json"), ("user-agent", firefox)];
    let wrong = app.send("POST", "/login", &headers, Some(r#"{"username":"ada","password":"wrong"}"#)).await;
    assert_eq!(wrong.status, 401);
    let token = app.login("ada").await;

    let events = app.get_as("/api/events", &token).await.json();

    assert_eq!(events["older"], serde_json::Value::Null);
    let failed = &events["events"][1];
    assert_eq!(failed["kind"], "sign_in_failed");
    assert_eq!((failed["device"].as_str(), failed["ip"].as_str()), (Some("Firefox on Linux"), Some("127.0.0.1")));
    assert_eq!((failed["username"].as_str(), failed["by"].as_str()), (Some("ada"), Some("")));
    assert_eq!(app.kinds(&token).await, ["signed_in", "sign_in_failed", "signed_up"]);
}

#[tokio::test]
async fn every_way_in_which_a_session_ends_is_told_once() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let first = app.tokens("ada").await;
    app.logout(&first.access).await;
    app.logout(&first.access).await;
    let second = app.tokens("ada").await;
    let token = app.login("ada").await;
    let others = app.send("DELETE", "/sessions", &[("authorization", &crate::harness::bearer(&token))], None).await;
    assert_eq!(others.status, 200);
    let third = app.tokens("ada").await;
    let fourth = app.refresh(&third.refresh).await.tokens();
    let fifth = app.refresh(&fourth.refresh).await.tokens();
    app.pass(Duration::from_mins(1));
    assert_eq!(app.refresh(&third.refresh).await.status, 401);
    assert_eq!(app.protected(&fifth.access).await.status, 401);
    assert_eq!(app.refresh(&second.refresh).await.status, 401);

    let told = app.kinds(&token).await;

    let expected = [
        "refresh_token_reused",
        "signed_in",
        "other_sessions_ended",
        "signed_in",
        "signed_in",
        "session_ended",
        "signed_in",
        "signed_up",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_operator_is_named_and_the_events_outlive_the_account() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let (ada, by) = (Target::Name("ada"), Actor::Operator);
    let password = || "nine small green apples".into();
    let events = async || flows::list_events(&app.state, "").await.unwrap().events;
    flows::change_password(&app.state, ada, password(), &by).await.unwrap();
    flows::disable_user(&app.state, ada, &by).await.unwrap();
    flows::enable_user(&app.state, ada, &by).await.unwrap();
    flows::set_admin(&app.state, ada, true, &by).await.unwrap();
    flows::set_admin(&app.state, ada, true, &by).await.unwrap();
    app.add_administrator("root").await;
    flows::remove_user(&app.state, ada, &by).await.unwrap();

    let told = events().await;

    // All in the same second: the list has the order in which they happened.
    let told: Vec<_> = told.into_iter().filter(|event| event.username != "root").collect();
    let kinds: Vec<_> = told.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Removed, MadeAdmin, Enabled, Disabled, PasswordChanged, SignedUp]);
    assert!(told.iter().all(|event| event.by.as_deref() == Some("operator") && event.username == "ada"));
}

#[tokio::test]
async fn a_page_of_events_says_where_the_next_begins() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    app.add_user("bob").await;
    app.login("bob").await;
    let mut token = String::new();
    for _ in 0..40 {
        token = app.login("ada").await;
    }

    let first = app.get_as("/api/events", &token).await;
    let older = first.json()["older"].as_str().unwrap().to_owned();
    let second = app.get_as(&format!("/api/events?before={older}"), &token).await;

    assert_eq!((kinds(&first).len(), kinds(&second).len()), (30, 11));
    assert_eq!(second.json()["older"], serde_json::Value::Null);
    let ids = |answer: &Answer| -> Vec<String> {
        let json = answer.json();
        json["events"].as_array().unwrap().iter().map(|event| event["id"].to_string()).collect()
    };
    let mut all = [ids(&first), ids(&second)].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 41, "each once, and none of bob's");
    for nonsense in ["x", "1.2", "..", "9223372036854775808.AAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(kinds(&app.get_as(&format!("/api/events?before={nonsense}"), &token).await), kinds(&first));
    }
}

#[tokio::test]
async fn events_are_kept_for_ninety_days() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let day = Duration::from_hours(24);
    let purge = async || {
        // The server purges nothing until the clock has been steady for a while.
        flows::purge_expired(&app.state).await.unwrap();
        app.pass(day);
        flows::purge_expired(&app.state).await.unwrap();
        flows::list_events(&app.state, "").await.unwrap().events.len()
    };
    app.pass(88 * day);
    assert_eq!(purge().await, 1);

    app.pass(day);

    assert_eq!(purge().await, 0);
}
