//! Setting up and removing an authenticator app.

use std::time::Duration;

use serde_json::json;

use crate::authenticator_app::{Authenticator, recovery_codes};
use crate::harness::{Answer, PASSWORD, SECRET, TestApp, bearer, part};

const NOT_FRESH: &str = "401 fresh_token_required Fresh token required";
const WRONG: &str = "401 bad_second_factor Second factor is wrong";

async fn remove(app: &TestApp, token: &str) -> Answer {
    app.send("DELETE", "/totp", &[("authorization", &bearer(token))], None).await
}

#[tokio::test]
async fn an_app_counts_only_after_one_of_its_codes_was_shown() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;

    let begun = app.send("POST", "/totp", &[("authorization", &bearer(&token))], None).await;
    assert_eq!((begun.status, begun.header("cache-control")), (200, Some("no-store")));
    let body = begun.json();
    let secret = body["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    let uri =
        format!("otpauth://totp/Handstamp:ada?secret={secret}&issuer=Handstamp&algorithm=SHA1&digits=6&period=30");
    assert_eq!(body["uri"], uri);
    assert!(body["svg"].as_str().unwrap().starts_with("<svg "));
    crate::logs::keep_secret(secret);

    let authenticator = Authenticator::new(secret);
    app.login("ada").await;
    for wrong in ["", "000000x", "12345", &authenticator.code(app.time() + 300)] {
        assert_eq!(app.confirm_totp(&token, wrong).await.error(), WRONG, "{wrong}");
    }
    app.login("ada").await;

    let codes = recovery_codes(&app.confirm_totp(&token, &authenticator.code(app.time())).await);
    let different: std::collections::BTreeSet<_> = codes.iter().collect();
    assert_eq!((codes.len(), different.len()), (10, 10));
    assert!(codes.iter().all(|code| code.len() == 19), "{codes:?}");
    let asked = app.post_json("/login", &json!({ "username": "ada", "password": PASSWORD }).to_string()).await;
    assert_eq!((asked.status, asked.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(asked.json()["code"], "second_factor_required");
    assert_eq!(asked.json()["methods"], json!(["totp", "recovery_code"]));
    assert_eq!(app.event_kinds("ada").await[0], "factor_added");
}

#[tokio::test]
async fn the_session_that_set_up_the_app_counts_as_recognised_by_both_factors() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let other = app.tokens("ada").await;
    let user = app.enrol("ada").await;

    assert_eq!(part(&user.token, 1)["amr"], json!(["pwd"]));
    let own = app.refresh(&user.refresh).await.tokens();
    assert_eq!(part(&own.access, 1)["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(part(&own.access, 1)["acr"], "aal2");
    let other = app.refresh(&other.refresh).await.tokens();
    assert_eq!(part(&other.access, 1)["amr"], json!(["pwd"]), "the others stay as they were");
    assert_eq!(app.protected(&other.access).await.status, 200);
}

#[tokio::test]
async fn a_new_secret_replaces_one_that_was_not_confirmed_and_no_other() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let (first, second) = (app.begin_totp(&token).await, app.begin_totp(&token).await);

    assert_eq!(app.confirm_totp(&token, &first.code(app.time())).await.error(), WRONG);
    recovery_codes(&app.confirm_totp(&token, &second.code(app.time())).await);
    let again = app.send("POST", "/totp", &[("authorization", &bearer(&token))], None).await;
    let exists = "409 totp_exists Authenticator app is set up already";
    assert_eq!(again.error(), exists);
    assert_eq!(app.confirm_totp(&token, &second.code(app.time())).await.error(), exists);
}

#[tokio::test]
async fn two_confirmations_at_the_same_time_make_ten_codes_and_not_twenty() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let authenticator = app.begin_totp(&token).await;
    let code = authenticator.code(app.time());

    let answers = futures::future::join_all((0..8).map(|_| app.confirm_totp(&token, &code))).await;

    let right: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(right.len(), 1, "{answers:?}");
    assert_eq!(app.sql("SELECT code_hash FROM recovery_codes").await.len(), 10);
    let codes = recovery_codes(right[0]);
    app.next_code();
    let challenge = app.challenge("ada").await;
    assert_eq!(app.answer_recovery(&challenge, &codes[0]).await.status, 200);
}

#[tokio::test]
async fn every_change_needs_a_fresh_token() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    app.pass(Duration::from_secs(570));
    let token = app.refresh(&user.refresh).await.tokens().access;
    let authorization = bearer(&token);
    for (method, path) in
        [("POST", "/totp"), ("POST", "/totp/confirm"), ("DELETE", "/totp"), ("POST", "/recovery-codes")]
    {
        let headers = [("authorization", &*authorization), ("content-type", "application/json")];
        let answer = app.send(method, path, &headers, Some("{}")).await;
        assert_eq!(answer.error(), NOT_FRESH, "{method} {path}");
    }
}

#[tokio::test]
async fn the_password_alone_changes_no_factor() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    // Somebody who knows the password has signed in just before.
    let before = app.login("ada").await;
    app.enrol("ada").await;

    assert_eq!(remove(&app, &before).await.error(), NOT_FRESH);
    for path in ["/totp", "/recovery-codes"] {
        let answer = app.send("POST", path, &[("authorization", &bearer(&before))], None).await;
        assert_eq!(answer.error(), NOT_FRESH, "{path}");
    }
    assert_eq!(app.confirm_totp(&before, "123456").await.error(), NOT_FRESH);
}

#[tokio::test]
async fn without_the_app_the_password_is_enough_again_and_the_recovery_codes_are_gone() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let challenge = app.challenge("ada").await;

    assert_eq!(remove(&app, &user.token).await.body, r#"{"msg":"Authenticator app removed"}"#);

    assert_eq!(app.event_kinds("ada").await[0], "factor_removed");
    app.login("ada").await;
    assert_eq!(app.sql("SELECT code_hash FROM recovery_codes").await.len(), 0);
    assert_eq!(app.answer_recovery(&challenge, &user.recovery_codes[0]).await.error(), WRONG);
    assert_eq!(remove(&app, &user.token).await.error(), "404 not_found Not found");
    // A secret that was never confirmed can be dropped as well.
    app.begin_totp(&user.token).await;
    assert_eq!(remove(&app, &user.token).await.status, 200);
    assert_eq!(app.confirm_totp(&user.token, "123456").await.error(), "404 not_found Not found");
    assert_eq!(app.event_kinds("ada").await.iter().filter(|kind| *kind == "factor_removed").count(), 1);
}

#[tokio::test]
async fn a_secret_is_encrypted_in_the_store_for_its_user_alone() {
    let app = TestApp::start().await;
    let ada = app.enrolled("ada").await;
    let bob = app.enrolled("bob").await;
    let sealed = app.sql("SELECT sealed FROM totp ORDER BY created_at").await;
    // Nonce, secret, tag.
    assert_eq!(sealed.iter().map(String::len).collect::<Vec<_>>(), [64, 64]);
    assert_ne!(sealed[0], sealed[1]);

    // Mallory can write to the database, and gives Ada's account the secret of an app of her own.
    app.execute(&format!("UPDATE totp SET sealed = '{}' WHERE sealed = '{}'", sealed[1], sealed[0])).await;
    let challenge = app.challenge("ada").await;
    for code in [bob.authenticator.code(app.time()), ada.authenticator.code(app.time())] {
        assert_eq!(app.answer_totp(&challenge, &code).await.error(), "500 internal Internal error");
    }
    // The recovery codes need no key.
    assert_eq!(app.answer_recovery(&challenge, &ada.recovery_codes[0]).await.status, 200);
}

#[tokio::test]
async fn after_another_secret_of_the_server_the_recovery_codes_still_work() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let other = SECRET.chars().rev().collect::<String>();
    // What `handstamp key retire --all --now` does before the secret is changed.
    app.execute("DELETE FROM signing_keys").await;
    let app = app.restart_with(&[("JWT_SECRET", &other)]).await;

    let challenge = app.challenge("ada").await;
    let code = user.authenticator.code(app.time());
    assert_eq!(app.answer_totp(&challenge, &code).await.error(), "500 internal Internal error");
    let tokens = app.answer_recovery(&challenge, &user.recovery_codes[0]).await.tokens();
    assert_eq!(remove(&app, &tokens.access).await.status, 200);
}
