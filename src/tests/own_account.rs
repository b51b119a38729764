//! Changing the password and deleting the account, as the user.

use handstamp::server::domain::password::PasswordHash;
use handstamp::server::flows::{self, NewSession, Visitor};

use crate::harness::{Answer, PASSWORD, TestApp, bearer};

const NEW: &str = "nine small green apples";

impl TestApp {
    async fn change_password(&self, token: &str, current: &str, new: &str) -> Answer {
        let body = serde_json::json!({ "current_password": current, "new_password": new }).to_string();
        let headers = [("content-type", "application/json"), ("authorization", &bearer(token))];
        self.send("POST", "/password", &headers, Some(&body)).await
    }

    async fn login_status(&self, password: &str) -> u16 {
        let body = serde_json::json!({ "username": "ada", "password": password }).to_string();
        self.post_json("/login", &body).await.status
    }
}

#[tokio::test]
async fn p11_a_changed_password_ends_all_other_sessions_and_not_this_one() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let (other, own) = (app.tokens("ada").await, app.tokens("ada").await);

    let changed = app.change_password(&own.access, PASSWORD, NEW).await;

    assert_eq!((changed.status, changed.body.as_str()), (200, r#"{"msg":"Password changed"}"#));
    assert_eq!(app.protected(&own.access).await.status, 200);
    app.refresh(&own.refresh).await.tokens();
    assert_eq!(app.protected(&other.access).await.error(), "401 token_revoked Token has been revoked");
    assert_eq!(app.refresh(&other.refresh).await.error(), "401 token_revoked Token has been revoked");
    assert_eq!((app.login_status(PASSWORD).await, app.login_status(NEW).await), (401, 200));
}

#[tokio::test]
async fn p11_the_current_password_is_asked_and_the_new_one_keeps_the_rules() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let cases = [
        ("wrong", NEW, "401 bad_credentials Bad username or password"),
        ("", NEW, "400 missing_password Missing password parameter"),
        (PASSWORD, "", "400 missing_password Missing password parameter"),
        (PASSWORD, "fourteen chars", "400 password_too_short Password too short"),
        (PASSWORD, "password1234567", "400 password_too_common Password too easy to guess"),
        (PASSWORD, "ada ada ada ada ada", "400 password_too_common Password too easy to guess"),
        (PASSWORD, &"x".repeat(1025), "400 password_too_long Password too long"),
    ];
    for (current, new, expected) in cases {
        assert_eq!(app.change_password(&token, current, new).await.error(), expected, "{new}");
    }
    assert_eq!(app.login_status(PASSWORD).await, 200);
    assert_eq!(app.protected(&token).await.status, 200);
}

#[tokio::test]
async fn the_machines_door_wants_a_fresh_token() {
    let app = TestApp::start_with(&[("FRESH_FOR", "1m")]).await;
    let token = app.somebody("ada").await;
    app.pass(std::time::Duration::from_mins(1));

    let stale = app.change_password(&token, PASSWORD, NEW).await;

    assert_eq!(stale.error(), "401 fresh_token_required Fresh token required");
    // The page needs the password itself.
    let body = format!("current_password={PASSWORD}&new_password={NEW}");
    assert_eq!(app.call("password", Some(&token), &body).await.status, 200);
    assert_eq!(app.login_status(NEW).await, 200);
}

#[tokio::test]
async fn deleting_an_account_takes_effect_at_once() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let (other, own) = (app.tokens("ada").await, app.tokens("ada").await);
    let wrong = app.call("delete-account", Some(&own.access), "password=wrong").await;
    assert_eq!(wrong.error(), "401 bad_credentials Bad username or password");
    assert_eq!(app.protected(&own.access).await.status, 200);

    let deleted = app.call("delete-account", Some(&own.access), &format!("password={PASSWORD}")).await;

    assert_eq!(deleted.status, 200, "{deleted:?}");
    assert_eq!(deleted.header("set-cookie"), None, "no answer deletes a cookie");
    for tokens in [own, other] {
        assert_eq!(app.protected(&tokens.access).await.error(), "401 token_revoked Token has been revoked");
        assert_eq!(app.refresh(&tokens.refresh).await.error(), "401 token_revoked Token has been revoked");
    }
    assert_eq!(app.login_status(PASSWORD).await, 401);
    assert!(!app.state.store.has_users().await.unwrap());
}

#[tokio::test]
async fn p5_a_password_is_judged_while_it_is_chosen() {
    let app = TestApp::start().await;
    let judge = async |name: &str, password: &str| {
        let body = format!("username={name}&password={password}");
        let answer = app.call("password-strength", None, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };

    let common = judge("ada", "password1234567").await;
    assert_eq!(common["refused"], "password_too_common");
    assert!(common["score"].as_u64().unwrap() < 3);
    assert!(!common["advice"].as_str().unwrap().is_empty());
    assert_eq!(judge("ada", "short").await["refused"], "password_too_short");
    assert_eq!(judge("ada", &"x".repeat(1025)).await["refused"], "password_too_long");
    assert_eq!(judge("", "").await["refused"], "password_too_short");
    let fit = judge("ada", "correct+horse+battery+staple").await;
    assert_eq!((fit["refused"].as_str(), fit["score"].as_u64()), (None, Some(4)));
    // Attackers try the user's name first.
    assert_eq!(judge("wendelgard", "wendelgard2026!").await["refused"], "password_too_common");
    assert_eq!(judge("somebody-else", "wendelgard2026!").await["refused"], serde_json::Value::Null);
}

#[tokio::test]
async fn p6_a_hash_of_lower_parameters_is_made_anew_at_the_next_sign_in() {
    let app = TestApp::start().await;
    let session = app.somebody("ada").await;
    let name = handstamp::server::domain::username::Username::parse("ada").unwrap();
    let hash = async |state: &handstamp::server::state::AppState| {
        state.store.find_user(&name).await.unwrap().unwrap().1.as_stored().to_owned()
    };
    let before = hash(&app.state).await;
    assert!(before.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{before}");
    let raised = app.start_another_with(&[("ARGON2_ITERATIONS", "3")]).await.unwrap();
    let login =
        async |password: &str| flows::login(&raised, "ada", password.into(), NewSession::default()).await.is_ok();

    assert!(!login("wrong").await);
    assert_eq!(hash(&raised).await, before, "only who knows the password can have it hashed anew");
    assert!(login(PASSWORD).await);

    let after = hash(&raised).await;
    assert!(after.starts_with("$argon2id$v=19$m=19456,t=3,p=1$"), "{after}");
    assert_eq!(app.protected(&session).await.status, 200, "no session ends by it");
    assert!(login(PASSWORD).await);
    assert_eq!(hash(&raised).await, after, "once");
    // A process with lower parameters accepts the hash, and does not lower it.
    assert_eq!(app.login_status(PASSWORD).await, 200);
    assert_eq!(hash(&app.state).await, after);
}

#[tokio::test]
async fn a_password_hashed_before_spaces_were_mapped_is_hashed_anew_at_the_next_sign_in() {
    use argon2::password_hash::PasswordHasher as _;
    const TYPED: &str = "caf\u{e9}\u{a0}mauve\u{3000}orchid";
    const MAPPED: &str = "caf\u{e9} mauve orchid";
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let name = handstamp::server::domain::username::Username::parse("ada").unwrap();
    let hash = async || app.state.store.find_user(&name).await.unwrap().unwrap();
    // Also with higher parameters than those of this process, which must not be lowered.
    for iterations in [2, 3] {
        let params = argon2::Params::new(19456, iterations, 1, None).unwrap();
        let library = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let then = library.hash_password_with_salt(TYPED.as_bytes(), &[7; 16]).unwrap().to_string();
        let (user, before) = hash().await;
        let then = PasswordHash::from_stored(then);
        assert!(app.state.store.renew_password_hash(user.id, &before, &then).await.unwrap());
        assert_eq!(app.login_status(MAPPED).await, 401, "the old hash is of another text");
        assert_eq!(hash().await.1.as_stored(), then.as_stored());

        assert_eq!(app.login_status(TYPED).await, 200);

        let after = hash().await.1;
        assert!(after.as_stored().starts_with(&format!("$argon2id$v=19$m=19456,t={iterations},p=1$")));
        assert_ne!(after.as_stored(), then.as_stored());
        assert_eq!(app.login_status(MAPPED).await, 200);
        assert_eq!(app.login_status(TYPED).await, 200);
        assert_eq!(hash().await.1.as_stored(), after.as_stored(), "once");
    }
}

#[tokio::test]
async fn sign_ins_at_the_moment_when_the_hash_is_made_anew_all_succeed() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let raised = app.start_another_with(&[("ARGON2_ITERATIONS", "3")]).await.unwrap();

    // Each from its own address: so many at once from one address would be slowed.
    let login = |number| {
        let visitor = Visitor { address: [192, 0, 2, number].into(), ..Visitor::default() };
        flows::login(&raised, "ada", PASSWORD.into(), NewSession { visitor, ..NewSession::default() })
    };
    let logins = futures::future::join_all((0..12).map(login)).await;

    assert!(logins.iter().all(Result::is_ok), "{:?}", logins.iter().find_map(|login| login.as_ref().err()));
}
