//! The second step of a sign-in, by machines. `second_factor_page.rs` has the pages.

use std::time::Duration;

use handstamp::server::domain::challenge::ChallengeId;
use handstamp::server::flows::{self, Actor, NewSession, SecondFactor, Target};
use serde_json::json;

use crate::harness::{PASSWORD, TestApp, bearer, part};

const WRONG: &str = "401 bad_second_factor Second factor is wrong";
const GONE: &str = "401 challenge_expired Challenge is not valid; sign in again";

#[tokio::test]
async fn a_code_of_the_app_completes_the_sign_in_that_the_password_began() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let challenge = app.challenge("ada").await;
    let answer = app.answer_totp(&challenge, &user.authenticator.code(app.time())).await;

    assert_eq!(answer.header("set-cookie"), None);
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 5, "as /login");
    // "remember" came with the password.
    assert_eq!(body["refresh_expires_in"], 14 * 24 * 3600);
    let tokens = answer.tokens();
    assert_eq!(part(&tokens.access, 1)["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(part(&tokens.access, 1)["acr"], "aal2");
    assert_eq!(app.protected(&tokens.access).await.status, 200);
    let refreshed = app.refresh(&tokens.refresh).await.tokens();
    assert_eq!(part(&refreshed.access, 1)["acr"], "aal2");
    assert_eq!(app.event_kinds("ada").await[0], "signed_in");
    // A form, with a space as apps show it.
    app.next_code();
    let (challenge, code) = (app.challenge("ada").await, user.authenticator.code(app.time()));
    let form = format!("challenge={challenge}&totp={}+{}&recovery_code=", &code[..3], &code[3..]);
    assert_eq!(app.post_form("/login/second-factor", &form).await.status, 200);
}

#[tokio::test]
async fn a_challenge_is_answered_with_exactly_one_factor() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let challenge = app.challenge("ada").await;
    let code = user.authenticator.code(app.time());
    let malformed = "400 invalid_request Malformed request";
    for (body, expected) in [
        (json!({ "challenge": challenge }), malformed),
        (json!({ "challenge": challenge, "totp": "" }), malformed),
        (json!({ "challenge": challenge, "totp": code, "recovery_code": user.recovery_codes[0] }), malformed),
        (json!({ "challenge": challenge, "totp": 123_456 }), malformed),
        (json!([challenge, code]), malformed),
        (json!({ "totp": code }), GONE),
        (json!({ "challenge": "", "totp": code }), GONE),
        (json!({ "challenge": "x".repeat(10_000), "totp": code }), GONE),
        (json!({ "challenge": "AAAAAAAAAAAAAAAAAAAAAA", "totp": code }), GONE),
    ] {
        assert_eq!(app.answer_challenge(body.clone()).await.error(), expected, "{body}");
    }
    assert_eq!(app.answer_totp(&challenge, &code).await.status, 200);
}

#[tokio::test]
async fn a_challenge_is_answered_once_and_within_five_minutes() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let challenge = app.challenge("ada").await;
    app.answer_totp(&challenge, &user.authenticator.code(app.time())).await.tokens();
    app.next_code();
    assert_eq!(app.answer_totp(&challenge, &user.authenticator.code(app.time())).await.error(), GONE);

    let (late, in_time) = (app.challenge("ada").await, app.challenge("ada").await);
    app.pass(Duration::from_secs(299));
    assert_eq!(app.answer_totp(&in_time, &user.authenticator.code(app.time())).await.status, 200);
    app.pass(Duration::from_secs(30));
    assert_eq!(app.answer_totp(&late, &user.authenticator.code(app.time())).await.error(), GONE);
}

#[tokio::test]
async fn a_challenge_survives_a_restart_of_the_server() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let challenge = app.challenge("ada").await;
    let app = app.restart().await;
    assert_eq!(app.answer_totp(&challenge, &user.authenticator.code(app.time())).await.status, 200);
}

#[tokio::test]
async fn a_code_counts_one_step_early_and_late_and_never_twice() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    // The code that confirmed the app is still within its time.
    let confirmed_with = user.authenticator.code(app.time() - 30);
    let challenge = app.challenge("ada").await;
    assert_eq!(app.answer_totp(&challenge, &confirmed_with).await.error(), WRONG);

    for _ in 0..3 {
        app.next_code();
    }
    let now = app.time();
    let code = |offset: i64| user.authenticator.code(now + offset);
    assert_eq!(app.answer_totp(&challenge, &code(-60)).await.error(), WRONG);
    assert_eq!(app.answer_totp(&challenge, &code(60)).await.error(), WRONG);
    assert_eq!(app.answer_totp(&challenge, &code(-30)).await.status, 200);
    let challenge = app.challenge("ada").await;
    assert_eq!(app.answer_totp(&challenge, &code(-30)).await.error(), WRONG, "used");
    assert_eq!(app.answer_totp(&challenge, &code(30)).await.status, 200);
    let challenge = app.challenge("ada").await;
    assert_eq!(app.answer_totp(&challenge, &code(0)).await.error(), WRONG, "a later one was used");
}

#[tokio::test]
async fn of_two_right_answers_at_the_same_time_one_starts_a_session() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let before = app.sql("SELECT id FROM sessions").await.len();
    let (challenge, code) = (app.challenge("ada").await, user.authenticator.code(app.time()));

    // Two tabs of one browser: the same code, and a recovery code.
    let (by_code, by_recovery) =
        (app.answer_totp(&challenge, &code), app.answer_recovery(&challenge, &user.recovery_codes[0]));
    let (by_code, by_recovery) = futures::future::join(by_code, by_recovery).await;
    let statuses = [by_code.status, by_recovery.status];
    assert!(statuses == [200, 401] || statuses == [401, 200], "{by_code:?} {by_recovery:?}");
    let used = app.sql("SELECT code_hash FROM recovery_codes WHERE used_at IS NOT NULL").await.len();
    assert_eq!(used, usize::from(by_recovery.status == 200), "the code of the other is still good");

    // Two browsers: each has its own challenge, and both send the code that the app shows.
    app.next_code();
    let code = user.authenticator.code(app.time());
    let challenges = [app.challenge("ada").await, app.challenge("ada").await, app.challenge("ada").await];
    let answers = futures::future::join_all(challenges.iter().map(|challenge| app.answer_totp(challenge, &code))).await;
    let right = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(right, 1, "{answers:?}");
    assert_eq!(app.sql("SELECT id FROM sessions").await.len(), before + 2);
    // The challenge of the others can still be answered, with the next code.
    app.next_code();
    let open = answers.iter().position(|answer| answer.status == 401).unwrap();
    let next = user.authenticator.code(app.time());
    assert_eq!(app.answer_totp(&challenges[open], &next).await.status, 200);
}

#[tokio::test]
async fn no_code_works_twice_between_two_servers_either() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let (other, _) = app.another_process().await;
    let code = user.authenticator.code(app.time());
    let (here, there) = (app.challenge("ada").await, app.challenge("ada").await);

    assert_eq!(app.answer_totp(&here, &code).await.status, 200);
    let shown = SecondFactor::of(code.into(), String::new().into(), String::new()).unwrap();
    let there = ChallengeId::from_client(&there);
    let refused = flows::second_factor(&other, &there, &shown, NewSession::default()).await;
    assert_eq!(refused.err().unwrap().to_string(), "the second factor is wrong, or was used before");
    app.next_code();
    let shown =
        SecondFactor::of(user.authenticator.code(app.time()).into(), String::new().into(), String::new()).unwrap();
    assert!(flows::second_factor(&other, &there, &shown, NewSession::default()).await.is_ok());
}

#[tokio::test]
async fn five_wrong_answers_end_a_challenge() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let challenge = app.challenge("ada").await;
    for _ in 0..5 {
        assert_eq!(app.answer_totp(&challenge, "000000").await.error(), WRONG);
    }
    app.pass(Duration::from_mins(2));
    assert_eq!(app.answer_totp(&challenge, &user.authenticator.code(app.time())).await.error(), GONE);
    let events = app.event_kinds("ada").await;
    assert_eq!(events.iter().filter(|kind| *kind == "factor_refused").count(), 5);
    let text = app.get("/metrics").await.body;
    assert!(text.contains(r#"handstamp_sign_ins_total{result="refused"} 5"#), "{text}");
}

#[tokio::test]
async fn what_ends_all_sessions_also_ends_a_sign_in_that_has_only_the_password() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let code = |app: &TestApp| user.authenticator.code(app.time());

    let challenge = app.challenge("ada").await;
    flows::change_password(&app.state, Target::Name("ada"), PASSWORD.into(), &Actor::Operator).await.unwrap();
    assert_eq!(app.answer_totp(&challenge, &code(&app)).await.error(), GONE, "a new password");

    let challenge = app.challenge("ada").await;
    flows::end_all_sessions(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
    assert_eq!(app.answer_totp(&challenge, &code(&app)).await.error(), GONE, "signed out everywhere");

    let challenge = app.challenge("ada").await;
    let signed_in = app.sign_in_with_code(&user).await.tokens().access;
    app.send("DELETE", "/sessions", &[("authorization", &bearer(&signed_in))], None).await;
    assert_eq!(app.answer_totp(&challenge, &code(&app)).await.error(), GONE, "all other sessions ended");

    let challenge = app.challenge("ada").await;
    flows::set_admin(&app.state, Target::Name("ada"), true, &Actor::Operator).await.unwrap();
    assert_eq!(app.answer_totp(&challenge, &code(&app)).await.error(), GONE, "other roles");
    app.add_administrator("root").await;

    let challenge = app.challenge("ada").await;
    flows::disable_user(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
    assert_eq!(app.answer_totp(&challenge, &code(&app)).await.error(), GONE, "disabled");
    flows::enable_user(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
    assert_eq!(app.answer_totp(&challenge, &code(&app)).await.error(), GONE, "enabled again");
    assert_eq!(app.sign_in_with_code(&user).await.status, 200);
}

#[tokio::test]
async fn a_challenge_that_was_begun_with_an_old_password_is_worth_nothing() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let challenge = app.challenge("ada").await;
    // As if the password had changed after it was checked, and before the challenge was kept.
    app.execute("UPDATE users SET password_hash = (SELECT password_hash FROM users) || 'x'").await;
    assert_eq!(app.answer_totp(&challenge, &user.authenticator.code(app.time())).await.error(), GONE);
}

#[tokio::test]
async fn a_disabled_account_is_refused_also_if_its_challenge_is_still_there() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let challenge = app.challenge("ada").await;
    app.execute("UPDATE users SET disabled_at = 1").await;
    assert_eq!(app.answer_totp(&challenge, &user.authenticator.code(app.time())).await.error(), GONE);
}

#[tokio::test]
async fn only_the_right_password_tells_that_there_is_a_second_factor() {
    let app = TestApp::start().await;
    app.enrolled("ada").await;
    app.add_user("bob").await;
    let answers = ["ada", "bob", "nobody", "not a name"].map(|name| json!({ "username": name, "password": "wrong" }));
    for body in answers {
        let answer = app.post_json("/login", &body.to_string()).await;
        assert_eq!(answer.body, r#"{"code":"bad_credentials","msg":"Bad username or password"}"#, "{body}");
    }
    assert_eq!(app.sql("SELECT id_hash FROM challenges").await.len(), 0);
}

#[tokio::test]
async fn the_store_holds_no_challenge_that_can_be_sent() {
    let app = TestApp::start().await;
    app.enrolled("ada").await;
    let challenge = app.challenge("ada").await;
    let kept = app.sql("SELECT id_hash || ' ' || state FROM challenges").await.join(" ");
    assert!(!kept.contains(&challenge) && !kept.contains("argon2"), "{kept}");
}
