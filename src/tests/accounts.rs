//! Accounts: sign-up, and the first account.

use handstamp::server::flows::{self, Actor, Target};

use crate::harness::{PASSWORD, TestApp};

fn credentials(name: &str, password: &str) -> String {
    serde_json::json!({ "username": name, "password": password }).to_string()
}

impl TestApp {
    /// Creates the first account in the same way as the page.
    async fn claim(&self, code: &str, name: &str) -> crate::harness::Answer {
        self.call("setup", None, &format!("code={code}&username={name}&password={PASSWORD}")).await
    }

    fn setup_code(&self) -> String {
        self.state.setup_code.as_ref().unwrap().to_string()
    }
}

#[tokio::test]
async fn anyone_can_sign_up_if_sign_up_is_open() {
    let app = TestApp::start().await;

    let answer = app.post_json("/signup", &credentials("Ada", PASSWORD)).await;

    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.json()["username"], "ada");
    assert_eq!(answer.json()["id"].as_str().unwrap().len(), 22);
    assert_eq!(answer.json().as_object().unwrap().len(), 2);
    app.login("ada").await;
}

#[tokio::test]
async fn sign_up_is_refused_if_it_is_closed() {
    let app = TestApp::start_with(&[("SIGNUP", "closed")]).await;
    let closed = "403 signup_closed Sign-up is closed";

    assert_eq!(app.post_json("/signup", &credentials("ada", PASSWORD)).await.error(), closed);
    assert_eq!(app.call("signup", None, "username=ada&password=correct+horse+battery").await.error(), closed);
    assert!(app.get("/signup").await.body.contains("Sign-up is closed"));
    assert!(!app.state.store.has_users().await.unwrap());
}

#[tokio::test]
async fn a_name_is_taken_in_all_its_spellings() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    for spelling in ["ada", "ADA", "ａｄａ"] {
        let answer = app.post_json("/signup", &credentials(spelling, PASSWORD)).await;
        assert_eq!(answer.error(), "409 username_taken Username is taken", "{spelling}");
    }
}

#[tokio::test]
async fn an_invalid_name_or_password_is_refused_with_its_reason() {
    let app = TestApp::start().await;
    let short = "400 password_too_short Password too short";
    let cases = [
        ("", PASSWORD, "400 missing_username Missing username parameter"),
        ("ada", "", "400 missing_password Missing password parameter"),
        ("a da", PASSWORD, "400 invalid_username Username not allowed"),
        ("\u{430}dmin", PASSWORD, "400 invalid_username Username not allowed"),
        ("ada\u{200b}", PASSWORD, "400 invalid_username Username not allowed"),
        ("ada", "fourteen chars", short),
        ("ada", &"🔑".repeat(14), short),
        ("ada", "password1234567", "400 password_too_common Password too easy to guess"),
        ("ada", &"🔑".repeat(15), "400 password_too_common Password too easy to guess"),
        ("ada", &"x".repeat(1025), "400 password_too_long Password too long"),
    ];
    for (name, password, expected) in cases {
        assert_eq!(app.post_json("/signup", &credentials(name, password)).await.error(), expected, "{name}");
    }
    let emoji = "🔑🐎🔋📎🧭🪐🎈🧵🪴🐙🧊🎷🪁🦉🍋";
    assert_eq!(app.post_json("/signup", &credentials("ada", emoji)).await.status, 201);
}

#[tokio::test]
async fn a41_the_same_name_at_the_same_time_is_one_account() {
    let app = TestApp::start().await;
    let body = credentials("ada", PASSWORD);

    let (one, other) = tokio::join!(app.post_json("/signup", &body), app.post_json("/signup", &body));

    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn the_setup_code_creates_the_administrator_once() {
    let app = TestApp::start().await;
    let code = app.setup_code();
    assert_eq!(code.len(), 22);
    assert_eq!(app.get("/setup").await.status, 200);
    let wrong = app.claim("AAAAAAAAAAAAAAAAAAAAAA", "mallory").await;
    assert_eq!(wrong.error(), "403 bad_setup_code Setup code is wrong");

    let made = app.claim(&code, "ada").await;

    assert_eq!(made.status, 200, "{made:?}");
    let me = app.get_as("/me", made.json()["access_token"].as_str().unwrap()).await.json();
    assert_eq!((me["username"].as_str(), me["roles"].clone()), (Some("ada"), serde_json::json!(["admin"])));
    assert_eq!(app.get("/setup").await.status, 404);
    assert_eq!(app.claim(&code, "eve").await.error(), "404 not_found Not found");
}

#[tokio::test]
async fn a_used_setup_code_is_refused_even_after_its_account_was_removed() {
    let app = TestApp::start().await;
    let code = app.setup_code();
    assert_eq!(app.claim(&code, "ada").await.status, 200);
    flows::remove_user(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();

    assert_eq!(app.claim(&code, "eve").await.error(), "404 not_found Not found");
    assert_eq!(app.get("/setup").await.status, 404);

    let app = app.restart().await;
    assert_eq!(app.claim(&code, "eve").await.error(), "403 bad_setup_code Setup code is wrong");
    assert_eq!(app.claim(&app.setup_code(), "ada").await.status, 200, "a start prints a new one");
}

#[tokio::test]
async fn of_two_claims_at_once_exactly_one_wins() {
    for _ in 0..10 {
        let app = TestApp::start().await;
        let code = app.setup_code();

        let (one, other) = tokio::join!(app.claim(&code, "ada"), app.claim(&code, "bob"));

        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404]);
        assert_eq!(app.state.store.list_users().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_has_users_offers_no_setup() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    assert_eq!(app.get("/setup").await.status, 404, "as soon as there is a user");

    let app = app.restart().await;

    assert!(app.state.setup_code.is_none());
    assert_eq!(app.get("/setup").await.status, 404);
    assert_eq!(app.claim("", "eve").await.error(), "404 not_found Not found");
}
