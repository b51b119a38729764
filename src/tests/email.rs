//! The email address of an account: only its reader can confirm it, and both sides are told of a change.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestApp, bearer};
use crate::smtp::Smtp;

const BAD_LINK: &str = "403 bad_link Link is not valid";

impl TestApp {
    /// Asks for an address, and returns the code of the link.
    async fn code_for(&self, smtp: &Smtp, token: &str, email: &str) -> String {
        assert_eq!(self.ask_email(token, email).await.status, 202);
        self.deliver().await;
        let mails = smtp.take();
        mails.iter().find(|mail| mail.to == email).unwrap().code()
    }
}

fn envelopes(smtp: &Smtp) -> Vec<(String, String)> {
    let mails = smtp.take();
    let owned = |(to, subject): (&str, &str)| (to.to_owned(), subject.to_owned());
    let mut envelopes: Vec<_> = mails.iter().map(|mail| owned(mail.envelope())).collect();
    envelopes.sort();
    envelopes
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(to, subject)| ((*to).to_owned(), (*subject).to_owned())).collect()
}

#[tokio::test]
async fn an_address_counts_when_its_reader_has_confirmed_it_and_the_link_works_once() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    let asked = app.ask_email(&token, " Ada@Example.ORG ").await;
    assert_eq!((asked.status, asked.body.as_str()), (202, r#"{"msg":"Open the link in the mail to this address"}"#));
    assert_eq!(app.email_of(&token).await, Value::Null);
    app.deliver().await;
    let mails = smtp.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].envelope(), ("Ada@example.org", "Confirm your email address"));
    let code = mails[0].code();

    let confirmed = app.confirm_email(&code).await;

    assert_eq!((confirmed.status, confirmed.body.as_str()), (200, r#"{"msg":"Email address confirmed"}"#));
    assert_eq!(app.email_of(&token).await, "Ada@example.org");
    assert_eq!(app.confirm_email(&code).await.error(), BAD_LINK);
    let events = app.get_as("/api/events", &token).await.json();
    assert_eq!(events["events"][0]["kind"], "email_changed");
    app.deliver().await;
    assert_eq!(envelopes(&smtp), pairs(&[("Ada@example.org", "Your email address was confirmed")]));
}

#[tokio::test]
async fn both_addresses_are_told_of_a_change() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "ada@example.org").await;

    assert_eq!(app.ask_email(&token, "ada@example.net").await.status, 202);
    app.deliver().await;
    let mails = smtp.take();
    let code = mails.iter().find(|mail| mail.to == "ada@example.net").unwrap().code();
    let old = mails.iter().find(|mail| mail.to == "ada@example.org").unwrap();
    assert_eq!(old.header("Subject"), "A new email address was asked for");
    assert!(!old.raw.contains("token="), "the old address cannot confirm the new one");
    assert_eq!(app.email_of(&token).await, "ada@example.org");
    assert_eq!(app.confirm_email(&code).await.status, 200);
    app.deliver().await;

    let told = [
        ("ada@example.net", "Your email address was confirmed"),
        ("ada@example.org", "Your email address was changed"),
    ];
    assert_eq!(envelopes(&smtp), pairs(&told));
}

#[tokio::test]
async fn only_a_user_who_has_just_typed_the_password_can_ask_for_an_address() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    assert_eq!(app.post_json("/email", r#"{"email":"ada@example.org"}"#).await.status, 401);
    for bad in ["", "ada", "ada@127.0.0.1", "ada@example.org\r\nBcc: eve@example.org", "a@b, c@d"] {
        assert_eq!(app.ask_email(&token, bad).await.error(), "400 invalid_email Email address not allowed", "{bad:?}");
    }
    let tokens = app.tokens("ada").await;
    app.pass(Duration::from_mins(10));
    let stale = app.refresh(&tokens.refresh).await.tokens().access;
    let asked = app.ask_email(&stale, "ada@example.org").await;
    assert_eq!(asked.error(), "401 fresh_token_required Fresh token required");
    app.deliver().await;
    assert!(smtp.take().is_empty());
}

#[tokio::test]
async fn a_link_works_for_a_day_and_a_newer_one_replaces_it() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    let first = app.code_for(&smtp, &token, "ada@example.org").await;
    let second = app.code_for(&smtp, &token, "ada@example.net").await;
    assert_eq!(app.confirm_email(&first).await.error(), BAD_LINK);
    app.pass(Duration::from_hours(24));
    assert_eq!(app.confirm_email(&second).await.error(), BAD_LINK);
    for made_up in ["", "x", &"A".repeat(22)] {
        assert_eq!(app.confirm_email(made_up).await.error(), BAD_LINK);
    }
    let token = app.login("ada").await;
    let third = app.code_for(&smtp, &token, "ada@example.org").await;
    app.pass(Duration::from_hours(24) - Duration::from_secs(1));
    assert_eq!(app.confirm_email(&third).await.status, 200);
}

#[tokio::test]
async fn a_link_stops_working_when_the_password_changes_or_the_user_is_disabled() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    let code = app.code_for(&smtp, &token, "ada@example.org").await;
    let body = json!({ "current_password": PASSWORD, "new_password": "nine small green apples" }).to_string();
    let headers = [("content-type", "application/json"), ("authorization", &*bearer(&token))];
    assert_eq!(app.send("POST", "/password", &headers, Some(&body)).await.status, 200);
    assert_eq!(app.confirm_email(&code).await.error(), BAD_LINK);

    let token = app.somebody("bob").await;
    let code = app.code_for(&smtp, &token, "bob@example.org").await;
    let (bob, by) = (handstamp::server::flows::Target::Name("bob"), handstamp::server::flows::Actor::Operator);
    handstamp::server::flows::disable_user(&app.state, bob, &by).await.unwrap();
    assert_eq!(app.confirm_email(&code).await.error(), BAD_LINK);
}

#[tokio::test]
async fn only_the_reader_of_a_mailbox_learns_that_another_account_has_the_address() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let (ada, eve) = (app.somebody("ada").await, app.somebody("eve").await);
    app.give_email(&smtp, &ada, "ada@example.org").await;
    let (free, taken) = (app.ask_email(&eve, "eve@example.org").await, app.ask_email(&eve, "ADA@example.org").await);
    assert_eq!((free.status, &free.body), (taken.status, &taken.body));
    app.deliver().await;
    let code = smtp.take().iter().find(|mail| mail.to == "ADA@example.org").unwrap().code();

    let confirmed = app.confirm_email(&code).await;

    assert_eq!(confirmed.error(), "409 email_taken Email address belongs to another account");
    assert_eq!((app.email_of(&ada).await, app.email_of(&eve).await), (json!("ada@example.org"), Value::Null));
    // It is one mailbox, so its reader may decide.
    assert_eq!(app.call("delete-account", Some(&ada), &format!("password={PASSWORD}")).await.status, 200);
    assert_eq!(app.confirm_email(&code).await.status, 200);
    assert_eq!(app.email_of(&eve).await, "ADA@example.org");
}

#[tokio::test]
async fn of_two_accounts_that_confirm_an_address_at_the_same_time_one_gets_it() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let (ada, eve) = (app.somebody("ada").await, app.somebody("eve").await);
    let first = app.code_for(&smtp, &ada, "both@example.org").await;
    let second = app.code_for(&smtp, &eve, "both@example.org").await;

    let (one, two) = tokio::join!(app.confirm_email(&first), app.confirm_email(&second));

    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(app.sql("SELECT address FROM email_addresses").await, ["both@example.org"]);
}

#[tokio::test]
async fn a_link_used_twice_at_the_same_time_confirms_once() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    let code = app.code_for(&smtp, &token, "ada@example.org").await;

    let answers = futures::future::join_all((0..8).map(|_| app.confirm_email(&code))).await;

    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403, 403, 403, 403, 403, 403, 403]);
    app.deliver().await;
    assert_eq!(smtp.take().len(), 1);
}

#[tokio::test]
async fn a_user_cannot_fill_the_mailboxes_of_others() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    for number in 0..5 {
        assert_eq!(app.ask_email(&token, &format!("victim{number}@example.org")).await.status, 202);
    }
    let sixth = app.ask_email(&token, "victim5@example.org").await;
    assert_eq!((sixth.status, sixth.header("retry-after")), (429, Some("900")));
    app.deliver().await;
    // A newer link replaces the older one, but not its mail.
    assert_eq!(smtp.take().len(), 5);
    let token = app.somebody("bob").await;
    assert_eq!(app.ask_email(&token, "bob@example.org").await.status, 202);
    // Nor can several users together.
    let mut sent = 0;
    for name in ["carol", "dan", "erin"] {
        let token = app.somebody(name).await;
        for spelling in ["victim@example.net", "Victim@example.net"] {
            sent += u32::from(app.ask_email(&token, spelling).await.status == 202);
        }
    }
    assert_eq!(sent, 5);
}

#[tokio::test]
async fn a_link_survives_a_restart() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    let code = app.code_for(&smtp, &token, "ada@example.org").await;
    let app = app.restart().await;
    assert_eq!(app.confirm_email(&code).await.status, 200);
}
