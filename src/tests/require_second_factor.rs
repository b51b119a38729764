//! `REQUIRE_SECOND_FACTOR`: setting one up comes before anything else.

use std::collections::BTreeSet;

use handstamp::server::flows::{self, Actor, Target};
use handstamp::server::http::{self, CLIENTS, ENROLLING, GATE, OPERATORS, PUBLIC};
use serde_json::json;

use crate::audiences::{ACCESS_TOKEN, EXCHANGE, plain};
use crate::harness::{PASSWORD, TestApp, bearer};

const REFUSED: &str = "403 second_factor_enrolment_required Second factor must be set up first";

async fn requiring(of: &str) -> TestApp {
    TestApp::start_with(&[
        ("REQUIRE_SECOND_FACTOR", of),
        ("GATE_ORIGINS", "https://app.example.org"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ])
    .await
}

#[tokio::test]
async fn every_protected_door_is_closed_until_then_but_those_that_are_needed_for_it() {
    let app = requiring("all").await;
    let token = app.somebody("ada").await;
    let authorization = bearer(&token);
    let mut closed = 0;
    let ending = ["DELETE /logout", "POST /logout", "POST /api/logout"];
    for door in http::doors() {
        let others = [PUBLIC, CLIENTS, GATE, OPERATORS].concat();
        // One of them is also a page.
        if others.contains(&door.as_str()) || ending.contains(&door.as_str()) || door == "GET /sessions" {
            continue;
        }
        let (method, path) = door.split_once(' ').unwrap();
        let headers = [
            ("authorization", &*authorization),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        if ENROLLING.contains(&door.as_str()) {
            // Those that end the session come last, below.
            let ends = door.contains("sessions") || door.contains("end-");
            let answer = if ends { continue } else { app.send(method, path, &headers, None).await };
            assert_ne!(answer.status, 403, "{door}: {answer:?}");
        } else {
            assert_eq!(app.send(method, path, &headers, None).await.error(), REFUSED, "{door}");
            closed += 1;
        }
    }
    assert!(closed >= 15, "{closed}");
    assert_eq!(app.get_as("/sessions", &token).await.status, 200);
    assert_eq!(app.send("DELETE", "/sessions", &[("authorization", &authorization)], None).await.status, 200);
    assert_eq!(app.call("end-other-sessions", Some(&token), "").await.status, 200);
    assert_eq!(app.logout(&token).await.status, 200);
}

#[test]
fn the_list_names_only_doors_that_are_there_and_are_protected() {
    let doors: BTreeSet<String> = http::doors().into_iter().collect();
    for door in ENROLLING {
        assert!(doors.contains(*door) && !PUBLIC.contains(door), "{door}");
    }
}

#[tokio::test]
async fn after_setting_one_up_the_session_goes_on_from_its_next_token() {
    let app = requiring("all").await;
    let user = app.enrolled("ada").await;
    assert_eq!(app.protected(&user.token).await.error(), REFUSED);
    let tokens = app.refresh(&user.refresh).await.tokens();
    assert_eq!(app.protected(&tokens.access).await.status, 200);
    let signed_in = app.sign_in_with_code(&user).await.tokens();
    assert_eq!(app.protected(&signed_in.access).await.status, 200);
}

#[tokio::test]
async fn a_page_is_told_so_until_the_session_has_shown_one() {
    let app = requiring("all").await;
    app.add_user("ada").await;
    let other = app.login("ada").await;
    let token = app.login("ada").await;
    let says = async |token: &str| {
        let headers = [("authorization", &*bearer(token)), ("sec-fetch-site", "same-origin")];
        let greeting = app.send("GET", "/api/greeting", &headers, None).await.json();
        let factors = app.send("GET", "/api/factors", &headers, None).await.json();
        assert_eq!(greeting["must_enrol"], factors["required"]);
        factors
    };
    let nothing = json!({ "totp": false, "passkeys": 0, "recovery_codes": 0, "required": true });
    assert_eq!(says(&token).await, nothing);
    let authenticator = app.begin_totp(&token).await;
    assert_eq!(says(&token).await, nothing, "not confirmed");
    assert_eq!(app.confirm_totp(&token, &authenticator.code(app.time())).await.status, 200);
    // The same token: it is renewed at the next call.
    let set_up = |required: bool| json!({ "totp": true, "passkeys": 0, "recovery_codes": 10, "required": required });
    assert_eq!(says(&token).await, set_up(false));
    assert_eq!(says(&other).await, set_up(true), "another session must sign in again");
}

#[tokio::test]
async fn administrators_alone_if_the_setting_says_so() {
    let app = requiring("admins").await;
    app.add_administrator("root").await;
    let (root, ada) = (app.login("root").await, app.somebody("ada").await);
    assert_eq!(app.protected(&root).await.error(), REFUSED);
    assert_eq!(app.protected(&ada).await.status, 200);

    flows::set_admin(&app.state, Target::Name("ada"), true, &Actor::Operator).await.unwrap();
    let ada = app.login("ada").await;
    assert_eq!(app.protected(&ada).await.error(), REFUSED);
    let app = app.restart_with(&[("REQUIRE_SECOND_FACTOR", "off")]).await;
    assert_eq!(app.protected(&ada).await.status, 200);
}

#[tokio::test]
async fn no_application_and_no_other_service_accepts_the_user_before() {
    let app = requiring("all").await;
    app.audience(plain("billing")).await;
    let user = app.enrolled("ada").await;
    let exchange = async |token: &str| {
        let subject = format!("subject_token={token}&subject_token_type={ACCESS_TOKEN}&audience=billing");
        app.post_form("/token", &format!("grant_type={EXCHANGE}&{subject}")).await
    };
    let at_gate = async |token: &str, accept: &str| {
        let headers =
            [("authorization", &*bearer(token)), ("accept", accept), ("x-original-url", "https://app.example.org/")];
        app.send("GET", "/forward-auth", &headers, None).await
    };
    assert_eq!(exchange(&user.token).await.error(), REFUSED);
    assert_eq!(at_gate(&user.token, "*/*").await.error(), REFUSED);
    let led = at_gate(&user.token, "text/html").await;
    assert_eq!((led.status, led.header("location")), (302, Some("http://localhost:3000/account")));

    let token = app.refresh(&user.refresh).await.tokens().access;
    assert_eq!(exchange(&token).await.status, 200);
    assert_eq!(at_gate(&token, "*/*").await.status, 200);
}

#[tokio::test]
async fn an_operator_helps_a_user_who_has_lost_everything() {
    let app = requiring("off").await;
    let user = app.enrolled("ada").await;
    let challenge = app.challenge("ada").await;
    flows::reset_factors(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();

    assert_eq!(app.protected(&user.token).await.error(), "401 token_revoked Token has been revoked");
    assert_eq!(app.answer_recovery(&challenge, &user.recovery_codes[0]).await.status, 401);
    assert_eq!(app.event_kinds("ada").await[0], "factor_removed");
    for table in ["totp", "recovery_codes", "challenges"] {
        assert_eq!(app.sql(&format!("SELECT user_id FROM {table}")).await.len(), 0, "{table}");
    }
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    assert_eq!(app.post_json("/login", &body).await.status, 200);
}
