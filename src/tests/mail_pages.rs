//! The pages for mail: plain forms that work without a script. Opening a link, as scanners of mail do, uses nothing up.

use crate::harness::{Answer, TestApp};

/// What a browser says that posts a form itself.
const POSTED: [(&str, &str); 3] = [
    ("content-type", "application/x-www-form-urlencoded"),
    ("accept", "text/html,*/*"),
    ("sec-fetch-site", "same-origin"),
];

impl TestApp {
    async fn posts(&self, path: &str, body: &str) -> String {
        let answer = self.send("POST", path, &POSTED, Some(body)).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").unwrap().to_owned()
    }

    async fn opens(&self, address: &str) -> Answer {
        let page = self.send("GET", address, &[("accept", "text/html")], None).await;
        assert_eq!(page.status, 200, "{address}: {page:?}");
        page
    }
}

#[tokio::test]
async fn a_password_is_reset_without_a_script_and_opening_the_link_does_not_use_it_up() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "ada@example.org").await;
    let page = app.opens("/login").await;
    assert!(page.body.contains(r#"href="/password/forgot""#));
    assert!(app.opens("/password/forgot").await.body.contains(r#"action="/api/forgot-password""#));
    let asked = app.posts("/api/forgot-password", "username=nobody").await;
    assert_eq!(asked, app.posts("/api/forgot-password", "username=ada").await);
    assert!(app.opens(&asked).await.body.contains("Look into your mail"));
    let code = app.reset_code(&smtp, "ada").await;
    let link = format!("/password/reset?token={code}");
    for _ in 0..3 {
        assert!(app.opens(&link).await.body.contains(&format!(r#"name="token" value="{code}""#)));
    }

    let short = app.posts("/api/reset-password", &format!("token={code}&new_password=short")).await;
    assert_eq!(short, format!("{link}&error=password_too_short"));
    let again = app.opens(&short).await;
    assert!(again.body.contains("Use at least 15 characters.") && again.body.contains(&code), "{}", again.body);
    let body = format!("token={code}&new_password=nine+small+green+apples");
    let done = app.posts("/api/reset-password", &body).await;

    assert!(app.opens(&done).await.body.contains("Your password is changed"));
    assert_eq!(app.posts("/api/reset-password", &body).await, format!("{link}&error=bad_link"));
    assert_eq!(app.post_json("/login", r#"{"username":"ada","password":"nine small green apples"}"#).await.status, 200);
}

#[tokio::test]
async fn an_address_is_confirmed_by_a_button_and_not_by_opening_the_link() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    assert_eq!(app.ask_email(&token, "ada@example.org").await.status, 202);
    app.deliver().await;
    let code = smtp.take()[0].code();
    let link = format!("/email/confirm?token={code}");
    for _ in 0..3 {
        assert!(app.opens(&link).await.body.contains(r#"action="/api/confirm-email""#));
    }
    assert_eq!(app.email_of(&token).await, serde_json::Value::Null);

    let done = app.posts("/api/confirm-email", &format!("token={code}")).await;

    assert!(app.opens(&done).await.body.contains("Your address is confirmed"));
    assert_eq!(app.email_of(&token).await, "ada@example.org");
    assert_eq!(app.posts("/api/confirm-email", &format!("token={code}")).await, format!("{link}&error=bad_link"));
    assert!(app.opens("/email/confirm").await.body.contains("This link is incomplete"));
    assert!(app.opens("/password/reset").await.body.contains("This link is incomplete"));
}

#[tokio::test]
async fn what_a_link_contains_is_not_written_into_a_page_or_an_address_as_it_came() {
    let (app, _smtp) = TestApp::start_with_mail().await;
    let hostile = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let page = app.opens(&format!("/password/reset?token={hostile}")).await;
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    for token in [hostile, "x%0d%0aSet-Cookie:%20a=b", &"x".repeat(65), "//evil.example"] {
        let led = app.posts("/api/confirm-email", &format!("token={token}")).await;
        assert_eq!(led, "/email/confirm?error=bad_link");
    }
}

#[tokio::test]
async fn where_no_mail_is_sent_no_page_offers_it() {
    let app = TestApp::start_with(&[("APP_ENV", "production"), ("PUBLIC_URL", "https://id.example.org")]).await;
    assert!(!app.opens("/login").await.body.contains("/password/forgot"));
    assert!(!app.opens("/account").await.body.contains("/api/change-email"));
    let page = app.opens("/password/forgot").await.body;
    assert!(page.contains("This server sends no mail") && !page.contains("<form class=\"card"), "{page}");
    let mailing = TestApp::start().await;
    assert!(mailing.opens("/account").await.body.contains("/api/change-email"));
}
