//! Notices: users are told by mail what happens to their accounts, each thing once.

use std::time::Duration;

use handstamp::server::domain::security_event::EventKind;
use handstamp::server::domain::username::Username;
use handstamp::server::flows::{self, Actor, Target};
use serde_json::json;

use crate::harness::{Answer, PASSWORD, TestApp, event};
use crate::smtp::{Smtp, deliver};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15";

impl TestApp {
    async fn login_with(&self, user_agent: &str, cookie: &str) -> Answer {
        let headers = [("content-type", "application/json"), ("user-agent", user_agent), ("cookie", cookie)];
        let body = json!({ "username": "ada", "password": PASSWORD, "remember": true }).to_string();
        let answer = self.send("POST", "/login", &headers, Some(&body)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    async fn told(&self, smtp: &Smtp) -> Vec<String> {
        self.deliver().await;
        let mut told: Vec<_> = smtp.take().iter().map(|mail| mail.header("Subject").to_owned()).collect();
        told.sort();
        told
    }
}

async fn ada_with_address() -> (TestApp, Smtp, String) {
    let (app, smtp) = TestApp::start_with_mail().await;
    app.add_user("ada").await;
    let token = app.login_with(FIREFOX, "").await.tokens().access;
    app.give_email(&smtp, &token, "ada@example.org").await;
    (app, smtp, token)
}

#[tokio::test]
async fn a_sign_in_is_told_if_program_or_network_is_new_and_no_cookie_says_who_it_is() {
    let (app, smtp, _) = ada_with_address().await;
    app.login_with(FIREFOX, "").await;
    assert_eq!(app.told(&smtp).await, [""; 0], "as before");

    app.login_with(SAFARI, "").await;
    app.deliver().await;
    let mails = smtp.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].envelope(), ("ada@example.org", "New sign-in to your account"));
    for line in ["Device: Safari on macOS", "Address: 127.0.0.1", "When: 2026-11-22 09:12 UTC", "/sessions"] {
        assert!(mails[0].raw.contains(line), "{line}: {}", mails[0].raw);
    }
    app.login_with(SAFARI, "").await;
    assert_eq!(app.told(&smtp).await, [""; 0], "known by now");
    app.login_with("curl/8", "handstamp_device=made-up").await;
    assert_eq!(app.told(&smtp).await, ["New sign-in to your account"]);
}

#[tokio::test]
async fn a_browser_with_the_cookie_of_an_earlier_sign_in_is_not_news_whatever_it_calls_itself() {
    let (app, smtp, _) = ada_with_address().await;
    let signed_in = app.call("login", None, &format!("username=ada&password={PASSWORD}")).await;
    let cookies: Vec<_> = signed_in.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    let device =
        cookies.iter().find(|(_, cookie)| cookie.contains("_device=")).unwrap().1.split(';').next().unwrap().to_owned();
    assert_eq!(app.told(&smtp).await, ["New sign-in to your account"]);
    app.login_with(SAFARI, &device).await;
    assert_eq!(app.told(&smtp).await, [""; 0]);
}

#[tokio::test]
async fn the_first_sign_in_of_an_account_is_no_news() {
    let (app, smtp) = TestApp::start_with_mail().await;
    app.add_user("ada").await;
    // An address without a sign-in: as after a copy of a store whose events were purged.
    let user = app.sql("SELECT id FROM users").await.remove(0);
    let address = "INSERT INTO email_addresses (user_id, address, lookup, verified_at) VALUES";
    app.execute(&format!("{address} ('{user}', 'ada@example.org', 'ada@example.org', 1)")).await;
    app.login_with(FIREFOX, "").await;
    assert_eq!(app.told(&smtp).await, [""; 0]);
    app.login_with(SAFARI, "").await;
    assert_eq!(app.told(&smtp).await, ["New sign-in to your account"]);
}

#[tokio::test]
async fn every_event_of_a_kind_that_is_told_sends_one_mail_whoever_recorded_it() {
    let (app, smtp, _) = ada_with_address().await;
    let ada = app.state.store.find_user(&Username::parse("ada").unwrap()).await.unwrap().unwrap().0.id;
    for kind in EventKind::ALL {
        // A flow that another helper wrote: it records an event with its change, and knows nothing of mail.
        app.state.store.enable_user(ada, &event(*kind)).await.unwrap();
        let told = app.told(&smtp).await;
        assert_eq!(told.len(), usize::from(kind.is_told()), "{kind:?}: {told:?}");
        assert!(app.told(&smtp).await.is_empty(), "once");
    }
}

#[tokio::test]
async fn a_changed_password_and_a_reused_token_are_told() {
    let (app, smtp, _) = ada_with_address().await;
    let first = app.login_with(FIREFOX, "").await.tokens();
    let second = app.refresh(&first.refresh).await.tokens();
    app.refresh(&second.refresh).await.tokens();
    app.pass(Duration::from_mins(1));
    assert_eq!(app.refresh(&first.refresh).await.status, 401);
    assert_eq!(app.told(&smtp).await, ["A session was ended for safety"]);

    flows::change_password(&app.state, Target::Name("ada"), "nine small green apples".into(), &Actor::Operator)
        .await
        .unwrap();
    app.deliver().await;
    let mails = smtp.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].header("Subject"), "Your password was changed");
    assert!(mails[0].raw.contains("Done by: operator"), "{}", mails[0].raw);
}

#[tokio::test]
async fn an_account_without_an_address_is_told_nothing_not_even_later() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.login_with(SAFARI, "").await;
    flows::change_password(&app.state, Target::Name("ada"), PASSWORD.into(), &Actor::Operator).await.unwrap();
    let token = if app.protected(&token).await.status == 200 { token } else { app.login("ada").await };
    assert_eq!(app.ask_email(&token, "ada@example.org").await.status, 202);
    app.deliver().await;
    let code = smtp.take()[0].code();
    assert_eq!(app.confirm_email(&code).await.status, 200);
    assert_eq!(app.told(&smtp).await, ["Your email address was confirmed"]);
}

#[tokio::test]
async fn two_processes_tell_an_event_once() {
    let (app, smtp, _) = ada_with_address().await;
    let (other, _) = app.another_process().await;
    for _ in 0..5 {
        flows::change_password(&app.state, Target::Name("ada"), PASSWORD.into(), &Actor::Operator).await.unwrap();
    }
    tokio::join!(deliver(&app.state), deliver(&other), deliver(&app.state), deliver(&other));
    app.deliver().await;
    assert_eq!(smtp.take().len(), 5);
}

#[tokio::test]
async fn an_event_of_a_time_without_mail_is_not_told_a_day_later() {
    let (app, smtp, _) = ada_with_address().await;
    flows::change_password(&app.state, Target::Name("ada"), PASSWORD.into(), &Actor::Operator).await.unwrap();
    app.pass(Duration::from_hours(24) + Duration::from_secs(1));
    assert_eq!(app.told(&smtp).await, [""; 0]);
    assert_eq!(app.sql("SELECT id FROM security_events WHERE notice IS NOT NULL").await, [""; 0]);
}
