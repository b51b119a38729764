//! Recovery codes.

use crate::authenticator_app::recovery_codes;
use crate::harness::{TestApp, bearer, part};

const WRONG: &str = "401 bad_second_factor Second factor is wrong";

#[tokio::test]
async fn each_code_works_once_however_it_is_typed() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    for (at, code) in user.recovery_codes.iter().enumerate() {
        let typed = match at % 3 {
            0 => code.clone(),
            1 => code.to_lowercase().replace('-', " "),
            _ => code.replace('-', ""),
        };
        let challenge = app.challenge("ada").await;
        let tokens = app.answer_recovery(&challenge, &typed).await.tokens();
        assert_eq!(part(&tokens.access, 1)["acr"], "aal2");
        assert_eq!(app.event_kinds("ada").await[..2], ["signed_in", "recovery_code_used"], "{code}");
        let challenge = app.challenge("ada").await;
        assert_eq!(app.answer_recovery(&challenge, code).await.error(), WRONG, "{code}");
        app.pass(std::time::Duration::from_hours(2));
    }
    let asked = app.challenge("ada").await;
    assert_eq!(app.answer_recovery(&asked, "0000-0000-0000-0000").await.error(), WRONG);
    let left = app.sql("SELECT code_hash FROM recovery_codes WHERE used_at IS NULL").await;
    assert_eq!(left.len(), 0);
}

#[tokio::test]
async fn of_two_uses_of_a_code_at_the_same_time_one_signs_in() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let code = &user.recovery_codes[3];
    let challenges = [app.challenge("ada").await, app.challenge("ada").await, app.challenge("ada").await];
    let answers = futures::future::join_all(challenges.iter().map(|asked| app.answer_recovery(asked, code))).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn new_codes_replace_all_earlier_ones() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let renewed = app.send("POST", "/recovery-codes", &[("authorization", &bearer(&user.token))], None).await;
    let new = recovery_codes(&renewed);

    assert_eq!(app.event_kinds("ada").await[0], "factor_added");
    assert!(new.iter().all(|code| !user.recovery_codes.contains(code)));
    let challenge = app.challenge("ada").await;
    assert_eq!(app.answer_recovery(&challenge, &user.recovery_codes[0]).await.error(), WRONG);
    assert_eq!(app.answer_recovery(&challenge, &new[0]).await.status, 200);
}

#[tokio::test]
async fn there_are_none_without_a_second_factor() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let answer = app.send("POST", "/recovery-codes", &[("authorization", &bearer(&token))], None).await;
    assert_eq!(answer.error(), "404 not_found Not found");
    // An app that was not confirmed is none.
    app.begin_totp(&token).await;
    let answer = app.send("POST", "/recovery-codes", &[("authorization", &bearer(&token))], None).await;
    assert_eq!(answer.error(), "404 not_found Not found");
}

#[tokio::test]
async fn a_code_of_another_user_is_wrong_and_stays_good() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.enrolled("ada").await, app.enrolled("bob").await);
    let challenge = app.challenge("ada").await;
    assert_eq!(app.answer_recovery(&challenge, &bob.recovery_codes[0]).await.error(), WRONG);
    let (of_ada, of_bob) = (app.challenge("ada").await, app.challenge("bob").await);
    assert_eq!(app.answer_recovery(&of_bob, &bob.recovery_codes[0]).await.status, 200);
    assert_eq!(app.answer_recovery(&of_ada, &ada.recovery_codes[0]).await.status, 200);
}

#[tokio::test]
async fn the_store_holds_no_code() {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    let kept = app.sql("SELECT code_hash FROM recovery_codes").await.join(" ").to_uppercase();
    for code in &user.recovery_codes {
        assert!(!kept.contains(code) && !kept.contains(&code.replace('-', "")));
    }
}
