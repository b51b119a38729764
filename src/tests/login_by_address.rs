//! Signing in with the email address: like the name, once it is confirmed. Neither the time nor a 429 shows that a name and an
//! address belong together.

use serde_json::json;

use crate::harness::{Answer, PASSWORD, TestApp};
use crate::smtp::Smtp;

impl TestApp {
    async fn try_login(&self, typed: &str, password: &str) -> Answer {
        self.post_json("/login", &json!({ "username": typed, "password": password }).to_string()).await
    }
}

async fn ada_with_address() -> (TestApp, Smtp, String) {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "Ada@example.org").await;
    (app, smtp, token)
}

#[tokio::test]
async fn an_address_signs_in_once_it_is_confirmed_in_any_case_and_only_as_long_as_it_is_the_address() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    assert_eq!(app.ask_email(&token, "ada@example.org").await.status, 202);
    assert_eq!(app.try_login("ada@example.org", PASSWORD).await.status, 401);
    app.deliver().await;
    assert_eq!(app.confirm_email(&smtp.take()[0].code()).await.status, 200);
    for typed in ["ada@example.org", " ADA@Example.Org ", "ada"] {
        assert_eq!(app.try_login(typed, PASSWORD).await.status, 200, "{typed}");
        assert_eq!(app.try_login(typed, "wrong").await.error(), "401 bad_credentials Bad username or password");
    }
    app.give_email(&smtp, &token, "ada@example.net").await;
    assert_eq!(app.try_login("ada@example.org", PASSWORD).await.status, 401);
    assert_eq!(app.try_login("ada@example.net", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_name_that_looks_like_the_address_of_another_account_does_not_take_it() {
    let (app, _smtp, _) = ada_with_address().await;
    app.add_user("ada@example.org").await;
    app.add_user("eve@example.org").await;
    let subject = |answer: &Answer| crate::harness::part(&answer.tokens().access, 1)["username"].clone();
    assert_eq!(subject(&app.try_login("ada@example.org", PASSWORD).await), "ada");
    assert_eq!(subject(&app.try_login("eve@example.org", PASSWORD).await), "eve@example.org");
}

#[tokio::test]
async fn guesses_with_the_address_are_guesses_at_the_name() {
    let (app, _smtp, _) = ada_with_address().await;
    for _ in 0..5 {
        assert_eq!(app.try_login("ada@example.org", "wrong").await.status, 401);
    }
    // The name has no attempt left, and its user is told so.
    assert_eq!(app.try_login("ada", PASSWORD).await.status, 429);
    assert_eq!(app.try_login("ada@example.org", PASSWORD).await.status, 429);
    assert_eq!(app.try_login("nobody@example.org", "wrong").await.status, 401);
}

#[tokio::test]
async fn guesses_at_the_name_use_up_the_address_without_a_429_that_would_show_it() {
    let (app, _smtp, _) = ada_with_address().await;
    for _ in 0..5 {
        assert_eq!(app.try_login("ada", "wrong").await.status, 401);
    }
    assert_eq!(app.try_login("ada", "wrong").await.status, 429);

    let (known, unknown) =
        (app.try_login("ada@example.org", PASSWORD).await, app.try_login("nobody@example.org", PASSWORD).await);

    assert_eq!(known.error(), "401 bad_credentials Bad username or password");
    assert_eq!(known.error(), unknown.error());
    app.pass(std::time::Duration::from_mins(15));
    assert_eq!(app.try_login("ada@example.org", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn an_address_that_exists_uses_up_a_network_no_faster_than_one_that_does_not() {
    let (app, _smtp, _) = ada_with_address().await;
    let mut tries = Vec::new();
    for typed in ["ada@example.org", "nobody@example.org"] {
        let mut statuses = Vec::new();
        for _ in 0..8 {
            statuses.push(app.try_login(typed, "wrong").await.status);
        }
        tries.push(statuses);
    }
    assert_eq!(tries[0], tries[1]);
    // The network: 100 attempts, whatever was typed. 10 of them are above.
    let mut others = 0;
    while app.try_login(&format!("other{others}"), "wrong").await.status == 401 {
        others += 1;
    }
    assert_eq!(others, 90);
}

#[tokio::test]
async fn a_sign_in_with_the_address_forgets_the_guesses_at_both() {
    let (app, _smtp, _) = ada_with_address().await;
    for _ in 0..4 {
        assert_eq!(app.try_login("ada@example.org", "wrong").await.status, 401);
    }
    assert_eq!(app.try_login("ada@example.org", PASSWORD).await.status, 200);
    for _ in 0..5 {
        assert_eq!(app.try_login("ada", "wrong").await.status, 401);
    }
}

#[tokio::test]
async fn a_browser_that_is_known_by_the_name_is_known_by_the_address() {
    let (app, _smtp, _) = ada_with_address().await;
    let form = |typed: &str, password: &str| format!("username={typed}&password={password}");
    let signed_in = app.call("login", None, &form("ada", PASSWORD)).await;
    let cookies: Vec<_> = signed_in.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    let device =
        cookies.iter().find(|(_, cookie)| cookie.contains("_device=")).unwrap().1.split(';').next().unwrap().to_owned();
    for _ in 0..5 {
        app.try_login("ada@example.org", "wrong").await;
    }
    assert_eq!(app.try_login("ada@example.org", PASSWORD).await.status, 429);
    let known = app.call_with_cookie("login", None, &device, &form("ada%40example.org", PASSWORD)).await;
    assert_eq!(known.status, 200, "{known:?}");
}
