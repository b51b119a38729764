//! A new password by mail: the answers show no account, a link works once and for half an hour, and it signs nobody in.

use std::sync::Arc;
use std::time::Duration;

use handstamp::server::flows::{self, Actor, Target};
use handstamp::server::mailer::MOST_RESETS;
use serde_json::json;

use crate::harness::{Answer, PASSWORD, TestApp, bearer};
use crate::smtp::Smtp;

const NEW: &str = "nine small green apples";
const BAD_LINK: &str = "403 bad_link Link is not valid";

impl TestApp {
    async fn forgot(&self, typed: &str) -> Answer {
        self.post_json("/password/forgot", &json!({ "username": typed }).to_string()).await
    }

    pub async fn reset(&self, code: &str, password: &str) -> Answer {
        self.post_json("/password/reset", &json!({ "token": code, "new_password": password }).to_string()).await
    }

    /// Waits until what was asked for is in the queue, and sends it.
    async fn deliver_asked(&self) {
        let all = u32::try_from(MOST_RESETS).unwrap();
        drop(self.state.mailer.resets.acquire_many(all).await.unwrap());
        self.deliver().await;
    }

    /// Asks for a link, and returns its code.
    pub async fn reset_code(&self, smtp: &Smtp, typed: &str) -> String {
        assert_eq!(self.forgot(typed).await.status, 202);
        self.deliver_asked().await;
        let mails = smtp.take();
        mails.iter().find(|mail| mail.has_link()).unwrap_or_else(|| panic!("no link in {mails:?}")).code()
    }

    async fn sign_in(&self, name: &str, password: &str) -> u16 {
        self.post_json("/login", &json!({ "username": name, "password": password }).to_string()).await.status
    }
}

#[tokio::test]
async fn the_answer_is_the_same_for_every_account_and_for_none() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let ada = app.somebody("ada").await;
    app.give_email(&smtp, &ada, "ada@example.org").await;
    let carol = app.somebody("carol").await;
    app.give_email(&smtp, &carol, "carol@example.org").await;
    app.add_user("bob").await;
    flows::disable_user(&app.state, Target::Name("carol"), &Actor::Operator).await.unwrap();
    let mut answers = Vec::new();
    for typed in ["ada", "bob", "carol", "nobody", "ADA@example.org", "nobody@example.org", "no name at all", "\u{0}"] {
        let answer = app.forgot(typed).await;
        answers.push((
            answer.status,
            answer.body,
            answer
                .headers
                .iter()
                .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
                .cloned()
                .collect::<Vec<_>>(),
        ));
    }

    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(
        (answers[0].0, answers[0].1.as_str()),
        (202, r#"{"msg":"If this account has an email address, a link is on its way"}"#)
    );
    app.deliver_asked().await;
    let mails = smtp.take();
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ada@example.org", "ada@example.org"]);
    assert_eq!(app.forgot(" ").await.error(), "400 missing_username Missing username parameter");
    let by_email = app.post_form("/password/forgot", "email=ada%40example.org").await;
    assert_eq!(by_email.status, 202);
}

#[tokio::test]
async fn the_answer_comes_before_anything_is_looked_up() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let ada = app.somebody("ada").await;
    app.give_email(&smtp, &ada, "ada@example.org").await;
    // The store is gone: a lookup in the request would fail.
    app.state.store.close().await;
    let (known, unknown) = (app.forgot("ada").await, app.forgot("nobody").await);
    assert_eq!((known.status, known.body), (unknown.status, unknown.body));
}

#[tokio::test]
async fn a_link_ends_all_sessions_and_starts_none_and_works_once() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "ada@example.org").await;
    let tokens = app.tokens("ada").await;
    let code = app.reset_code(&smtp, "ada").await;

    let answer = app.reset(&code, NEW).await;

    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"msg":"Password changed"}"#));
    assert_eq!(answer.header("set-cookie"), None);
    for access in [&token, &tokens.access] {
        assert_eq!(app.protected(access).await.error(), "401 token_revoked Token has been revoked");
    }
    assert_eq!(app.refresh(&tokens.refresh).await.error(), "401 token_revoked Token has been revoked");
    assert_eq!((app.sign_in("ada", PASSWORD).await, app.sign_in("ada", NEW).await), (401, 200));
    assert_eq!(app.reset(&code, "eleven large red apples").await.error(), BAD_LINK);
    let events = flows::list_events(&app.state, "").await.unwrap().events;
    assert!(events.iter().any(|event| event.kind.code() == "password_reset"));
    app.deliver().await;
    let told: Vec<_> = smtp.take().iter().map(|mail| mail.header("Subject").to_owned()).collect();
    assert_eq!(told, ["Your password was changed"]);
}

#[tokio::test]
async fn a_link_works_for_half_an_hour_and_a_bad_password_does_not_use_it_up() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "ada@example.org").await;
    let code = app.reset_code(&smtp, "ada@example.org").await;
    for (password, error) in [
        ("", "400 missing_password Missing password parameter"),
        ("short", "400 password_too_short Password too short"),
        ("password1234567", "400 password_too_common Password too easy to guess"),
    ] {
        assert_eq!(app.reset(&code, password).await.error(), error);
    }
    app.pass(Duration::from_mins(30) - Duration::from_secs(1));
    assert_eq!(app.reset(&code, NEW).await.status, 200);

    let code = app.reset_code(&smtp, "ada").await;
    app.pass(Duration::from_mins(30));
    assert_eq!(app.reset(&code, "eleven large red apples").await.error(), BAD_LINK);
    for made_up in ["", "x", &"A".repeat(22)] {
        assert_eq!(app.reset(made_up, NEW).await.error(), BAD_LINK);
    }
}

#[tokio::test]
async fn what_changes_the_password_or_the_address_makes_links_void() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "ada@example.org").await;
    // Several can be on their way: a stranger who asks must not make the user's own link void.
    let (first, second) = (app.reset_code(&smtp, "ada").await, app.reset_code(&smtp, "ada").await);
    let body = json!({ "current_password": PASSWORD, "new_password": NEW }).to_string();
    let headers = [("content-type", "application/json"), ("authorization", &*bearer(&token))];
    assert_eq!(app.send("POST", "/password", &headers, Some(&body)).await.status, 200);
    for code in [first, second] {
        assert_eq!(app.reset(&code, "eleven large red apples").await.error(), BAD_LINK);
    }
    app.pass(Duration::from_hours(1));
    app.deliver().await;
    smtp.take();

    let code = app.reset_code(&smtp, "ada").await;
    flows::change_password(&app.state, Target::Name("ada"), PASSWORD.into(), &Actor::Operator).await.unwrap();
    assert_eq!(app.reset(&code, NEW).await.error(), BAD_LINK);
    app.deliver().await;
    smtp.take();

    let code = app.reset_code(&smtp, "ada").await;
    let token = app.login("ada").await;
    app.give_email(&smtp, &token, "ada@example.net").await;
    assert_eq!(app.reset(&code, NEW).await.error(), BAD_LINK);

    let code = app.reset_code(&smtp, "ada").await;
    flows::disable_user(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
    assert_eq!(app.reset(&code, NEW).await.error(), BAD_LINK);
}

#[tokio::test]
async fn a_link_for_one_purpose_does_not_work_for_another() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "ada@example.org").await;
    let code = app.reset_code(&smtp, "ada").await;
    assert_eq!(app.confirm_email(&code).await.error(), BAD_LINK);
    assert_eq!(app.ask_email(&token, "ada@example.net").await.status, 202);
    app.deliver().await;
    let confirm = smtp.take().iter().find(|mail| mail.to == "ada@example.net").unwrap().code();
    assert_eq!(app.reset(&confirm, NEW).await.error(), BAD_LINK);
    assert_eq!(app.reset(&code, NEW).await.status, 200);
}

#[tokio::test]
async fn of_many_uses_of_a_link_at_the_same_time_one_succeeds() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "ada@example.org").await;
    let code = app.reset_code(&smtp, "ada").await;
    let passwords: Vec<_> = (0..4).map(|number| format!("{NEW} number {number}")).collect();

    let answers = futures::future::join_all(passwords.iter().map(|password| app.reset(&code, password))).await;

    let worked: Vec<_> = (0..4).filter(|at| answers[*at].status == 200).collect();
    assert_eq!(worked.len(), 1, "{answers:?}");
    for (at, password) in passwords.iter().enumerate() {
        assert_eq!(app.sign_in("ada", password).await == 200, at == worked[0]);
    }
}

#[tokio::test]
async fn who_asks_too_often_waits_as_long_for_a_name_that_does_not_exist() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "ada@example.org").await;
    for typed in ["ada", "nobody"] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(app.forgot(typed).await.status);
        }
        assert_eq!(statuses, [202, 202, 202, 202, 202, 429], "{typed}");
    }
    // The address is the same account: it gets no more mail, but no 429 shows that.
    assert_eq!(app.forgot("ada@example.org").await.status, 202);
    app.deliver_asked().await;
    // One of five was for the address itself.
    assert_eq!(smtp.take().len(), 4);
    // The network has made 11 requests.
    let mut others = 0;
    while app.forgot(&format!("other{others}")).await.status == 202 {
        others += 1;
    }
    assert_eq!(others, 9);
}

#[tokio::test]
async fn when_too_many_ask_at_the_same_time_everybody_is_told() {
    let (app, _smtp) = TestApp::start_with_mail().await;
    app.add_user("ada").await;
    let all = Arc::clone(&app.state.mailer.resets).acquire_many_owned(u32::try_from(MOST_RESETS).unwrap()).await;
    for typed in ["ada", "nobody"] {
        assert_eq!(app.forgot(typed).await.error(), "503 overloaded Overloaded");
    }
    drop(all);
    assert_eq!(app.forgot("ada").await.status, 202);
}

#[tokio::test]
async fn a_link_survives_a_restart_and_a_mail_that_waits_too() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "ada@example.org").await;
    let code = app.reset_code(&smtp, "ada").await;
    assert_eq!(app.forgot("ada").await.status, 202);
    drop(app.state.mailer.resets.acquire_many(u32::try_from(MOST_RESETS).unwrap()).await.unwrap());
    let app = app.restart().await;
    app.deliver().await;
    assert_eq!(smtp.take().len(), 1);
    assert_eq!(app.reset(&code, NEW).await.status, 200);
}
