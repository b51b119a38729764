//! Accounts: sign-up, and the first account.

use handstamp::server::flows::{self, Actor};
use secrecy::ExposeSecret as _;

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
    app.add_administrator("root").await;

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
    app.add_administrator("ada").await;
    for spelling in ["ada", "ADA", "ａｄａ"] {
        let answer = app.post_json("/signup", &credentials(spelling, PASSWORD)).await;
        assert_eq!(answer.error(), "409 username_taken Username is taken", "{spelling}");
    }
}

#[tokio::test]
async fn an_invalid_name_or_password_is_refused_with_its_reason() {
    let app = TestApp::start().await;
    app.add_administrator("root").await;
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
    app.add_administrator("root").await;
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
    // No deed of ours does it: somebody has put back an older copy of the database, or changed it by hand.
    app.execute("DELETE FROM sessions; DELETE FROM users").await;

    assert_eq!(app.claim(&code, "eve").await.error(), "404 not_found Not found");
    assert_eq!(app.get("/setup").await.status, 404);

    let app = app.restart().await;
    assert_eq!(app.claim(&code, "eve").await.error(), "403 bad_setup_code Setup code is wrong");
    assert_eq!(app.claim(&app.setup_code(), "ada").await.status, 200, "a start prints a new one");
}

#[tokio::test]
async fn on_postgresql_the_setup_code_of_one_instance_works_at_the_others_and_on_one_sqlite_file_each_start_has_its_own()
 {
    let app = TestApp::start().await;
    let (other, _) = app.another_process().await;
    let code = other.setup_code.as_ref().unwrap().to_string();
    let claimed = app.claim(&code, "ada").await;
    if app.state.config.database.is_postgres() {
        assert_eq!(claimed.status, 200, "{claimed:?}");
    } else {
        assert_eq!(claimed.error(), "403 bad_setup_code Setup code is wrong");
    }
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
async fn a_server_that_has_an_administrator_offers_no_setup() {
    let app = TestApp::start().await;
    app.add_administrator("root").await;
    assert_eq!(app.get("/setup").await.status, 404, "as soon as there is one");

    let app = app.restart().await;

    assert!(app.state.setup_code.is_none());
    assert_eq!(app.get("/setup").await.status, 404);
    assert_eq!(app.claim("", "eve").await.error(), "404 not_found Not found");
}

#[tokio::test]
async fn users_without_an_administrator_do_not_close_setup() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    assert_eq!(app.get("/setup").await.status, 200);

    let app = app.restart().await;
    let code = app.setup_code();
    assert_eq!(app.get("/setup").await.status, 200);
    assert_eq!(app.claim(&code, "ada").await.error(), "409 username_taken Username is taken");
    let made = app.claim(&code, "root").await;

    assert_eq!(made.status, 200, "a name that is taken uses no code up: {made:?}");
    let me = app.get_as("/me", made.json()["access_token"].as_str().unwrap()).await.json();
    assert_eq!(me["roles"], serde_json::json!(["admin"]));
    assert_eq!(app.get("/setup").await.status, 404);
    app.login("ada").await;
}

#[tokio::test]
async fn nobody_signs_up_before_there_is_an_administrator() {
    let not_done = "403 setup_not_done Setup is not done yet";
    for sign_up in ["open", "closed"] {
        let app = TestApp::start_with(&[("SIGNUP", sign_up)]).await;
        let link = flows::invite(&app.state, &Actor::Operator).await.unwrap().link;
        let invitation = link.expose_secret().split_once('#').unwrap().1.to_owned();
        let body = serde_json::json!({ "username": "eve", "password": PASSWORD, "invitation": invitation });
        let form = format!("username=eve&password={PASSWORD}");
        let expected = if sign_up == "open" { not_done } else { "403 signup_closed Sign-up is closed" };

        assert_eq!(app.post_json("/signup", &credentials("eve", PASSWORD)).await.error(), expected);
        assert_eq!(app.call("signup", None, &form).await.error(), expected);
        assert_eq!(app.post_json("/signup", &body.to_string()).await.error(), not_done, "by invitation");
        assert!(!app.state.store.has_users().await.unwrap());

        assert_eq!(app.claim(&app.setup_code(), "root").await.status, 200, "a stranger has not closed it");
        assert_eq!(app.post_json("/signup", &body.to_string()).await.status, 201, "the invitation is still good");
    }
}

#[tokio::test]
async fn a_sign_up_during_setup_takes_nothing_from_it() {
    for _ in 0..10 {
        let app = TestApp::start().await;
        let (code, eve) = (app.setup_code(), credentials("eve", PASSWORD));

        let (claimed, signed_up) = tokio::join!(app.claim(&code, "root"), app.post_json("/signup", &eve));

        assert_eq!(claimed.status, 200, "{claimed:?}");
        assert!([201, 403].contains(&signed_up.status), "{signed_up:?}");
        let users = app.state.store.list_users().await.unwrap();
        let administrators: Vec<_> = users.iter().filter(|user| user.roles.is_admin()).collect();
        assert_eq!((administrators.len(), administrators[0].username.as_str()), (1, "root"));
    }
}
