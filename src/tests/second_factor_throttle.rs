//! Guessing the second factor, by someone who knows the password.

use std::time::Duration;

use serde_json::json;

use crate::authenticator_app::Enrolled;
use crate::harness::{Answer, PASSWORD, TestApp};

/// A guess from one of many addresses, each with a new challenge.
async fn guess(app: &TestApp, number: u32) -> Answer {
    let address = format!("203.0.{}.{}", number / 250, number % 250);
    let headers = [("content-type", "application/json"), ("x-forwarded-for", &*address)];
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let asked = app.send("POST", "/login", &headers, Some(&body)).await;
    let body = json!({ "challenge": asked.json()["challenge"], "totp": format!("{number:06}") }).to_string();
    app.send("POST", "/login/second-factor", &headers, Some(&body)).await
}

/// Guesses as often as possible for this time. Returns how many guesses were compared with a code.
async fn guess_for(app: &TestApp, time: Duration, numbers: &mut u32) -> u32 {
    let end = app.time() + i64::try_from(time.as_secs()).unwrap();
    let mut compared = 0;
    while app.time() < end {
        *numbers += 1;
        let answer = guess(app, *numbers).await;
        if let Some(wait) = answer.header("retry-after") {
            app.pass(Duration::from_secs(wait.parse().unwrap()));
        } else {
            assert_eq!(answer.json()["code"], "bad_second_factor", "{answer:?}");
            compared += 1;
        }
    }
    compared
}

async fn guarded() -> (TestApp, Enrolled) {
    let app = TestApp::start_with(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let user = app.enrolled("ada").await;
    (app, user)
}

#[tokio::test]
async fn a_thief_of_the_password_guesses_about_twelve_codes_a_day_from_any_number_of_addresses() {
    let (app, user) = guarded().await;
    let mut numbers = 0;
    let first = guess_for(&app, Duration::from_hours(24), &mut numbers).await;
    assert!((12..=25).contains(&first), "{first} on the first day");
    let second = guess_for(&app, Duration::from_hours(24), &mut numbers).await;
    assert!((6..=13).contains(&second), "{second} on the second day");
    let refused = app.event_kinds("ada").await.iter().filter(|kind| *kind == "factor_refused").count();
    assert_eq!(refused, usize::try_from(first + second).unwrap(), "the user sees each");
    // A sign-in of the user does not give the thief new guesses.
    app.pass(Duration::from_hours(2));
    assert_eq!(app.sign_in_with_code(&user).await.status, 200);
    let third = guess_for(&app, Duration::from_hours(2), &mut numbers).await;
    assert!(third <= 2, "{third} after the user's sign-in");
}

#[tokio::test]
async fn guesses_at_the_same_time_are_counted_before_they_are_compared() {
    let (app, _) = guarded().await;
    let challenge = app.challenge("ada").await;
    let answers = futures::future::join_all((0..40).map(|_| app.answer_totp(&challenge, "000000"))).await;
    let compared = answers.iter().filter(|answer| answer.json()["code"] == "bad_second_factor").count();
    assert!(compared <= 5, "{compared}");
    assert!(answers.iter().all(|answer| [401, 429].contains(&answer.status)));
}

#[tokio::test]
async fn the_count_survives_a_restart() {
    let (app, user) = guarded().await;
    for number in 0..5 {
        assert_eq!(guess(&app, number).await.status, 401);
    }
    let app = app.restart().await;
    assert_eq!(guess(&app, 7).await.status, 429);
    let challenge = app.challenge("ada").await;
    let right = app.answer_totp(&challenge, &user.authenticator.code(app.time())).await;
    assert_eq!(right.error(), "429 too_many_attempts Too many attempts");
    // The challenge was not used up by that.
    app.pass(Duration::from_mins(1));
    assert_eq!(app.answer_totp(&challenge, &user.authenticator.code(app.time())).await.status, 200);
}

#[tokio::test]
async fn the_users_own_browser_signs_in_while_a_thief_guesses() {
    let (app, user) = guarded().await;
    let login = format!("username=ada&password={PASSWORD}");
    let cookies = |answer: &Answer| {
        let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        let pairs = set.filter_map(|(_, value)| value.split(';').next().map(str::to_owned));
        pairs.collect::<Vec<_>>().join("; ")
    };
    let asked = app.call("login", None, &login).await;
    let code = user.authenticator.code(app.time());
    let signed_in = app.call_with_cookie("second-factor", None, &cookies(&asked), &format!("totp={code}")).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let device = cookies(&signed_in);

    let mut numbers = 0;
    guess_for(&app, Duration::from_hours(5), &mut numbers).await;
    while guess(&app, numbers).await.status == 401 {
        numbers += 1;
    }
    let (challenge, code) = (app.challenge("ada").await, user.authenticator.code(app.time()));
    assert_eq!(app.answer_totp(&challenge, &code).await.status, 429, "a program cannot say that it is the user's");
    let asked = app.call_with_cookie("login", None, &device, &login).await;
    let both = format!("{device}; {}", cookies(&asked));
    let signed_in = app.call_with_cookie("second-factor", None, &both, &format!("totp={code}")).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
}
