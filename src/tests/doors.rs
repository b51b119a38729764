//! Every door, tried without a token.

use std::collections::BTreeSet;

use handstamp::server::http::{CLIENTS, GATE, OPERATORS, PUBLIC, doors};

use crate::harness::TestApp;

#[tokio::test]
async fn a_door_that_is_not_on_the_public_list_answers_401_without_a_token() {
    let app = TestApp::start().await;
    let mut tried = 0;
    for door in doors() {
        let (method, path) = door.split_once(' ').unwrap();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        for token in [None, Some("Bearer a.b.c")] {
            let mut headers = headers.to_vec();
            headers.extend(token.map(|token| ("authorization", token)));
            let answer = app.send(method, path, &headers, None).await;
            if CLIENTS.contains(&door.as_str()) {
                assert!(answer.error().starts_with("401 invalid_client"), "{door}: {answer:?}");
            } else if OPERATORS.contains(&door.as_str()) {
                headers.push(("x-forwarded-for", "203.0.113.7"));
                let answer = app.send(method, path, &headers, None).await;
                assert_eq!(answer.error(), "404 not_found Not found", "{door}");
            } else if door == "POST /verify-token" {
                assert!(answer.body.starts_with(r#"{"err":"#), "{answer:?}");
            } else if PUBLIC.contains(&door.as_str()) {
                // A refresh door needs another kind of token, and rejects this one.
                let refreshes = door.ends_with("/refresh") && [400, 401].contains(&answer.status);
                let of_challenge =
                    ["POST /api/second-factor", "POST /api/second-factor-question", "POST /api/asked-factors"];
                let asks = of_challenge.contains(&&*door) && answer.error().starts_with("401 challenge_expired");
                assert!(answer.status != 401 || refreshes || asks, "{door}: {answer:?}");
            } else {
                let expected = if token.is_some() { "401 invalid_token" } else { "401 missing_token" };
                assert!(answer.error().starts_with(expected), "{door}: {answer:?}");
            }
        }
        tried += 1;
    }
    // API doors, server functions and pages: a kind that is not listed here would not be tested.
    assert!(tried >= 25, "{:?}", doors());
}

#[test]
fn the_public_list_names_only_doors_that_are_there() {
    let doors: BTreeSet<String> = doors().into_iter().collect();
    for public in PUBLIC.iter().chain(CLIENTS).chain(GATE).chain(OPERATORS) {
        assert!(doors.contains(*public), "{public}");
    }
    for expected in ["POST /api/login", "POST /api/logout", "GET /api/greeting", "GET /protected", "GET /dashboard"] {
        assert!(doors.contains(expected), "{expected}");
    }
}

#[tokio::test]
async fn the_html_of_a_page_contains_nothing_protected() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    for page in [
        "/",
        "/dashboard",
        "/login",
        "/login/second-factor",
        "/signup",
        "/account",
        "/admin",
        "/admin/events",
        "/admin/keys",
    ] {
        let (stranger, user) = (app.get(page).await, app.get_as(page, &token).await);
        assert_eq!(stranger.status, 200, "{page}");
        assert_eq!(without_nonce(&stranger.body), without_nonce(&user.body), "{page}");
        assert!(!user.body.contains("ada"), "{page}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_and_says_the_right_one() {
    let app = TestApp::start().await;
    for (method, path, allow) in [
        ("GET", "/logout", "DELETE,POST"),
        ("POST", "/protected", "GET,HEAD"),
        ("GET", "/api/login", "POST"),
        ("GET", "/api/logout", "POST"),
        ("HEAD", "/api/greeting", "GET"),
        ("DELETE", "/me", "GET,HEAD"),
    ] {
        let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
        let token = if path == "/api/greeting" { Some(app.somebody("ada").await) } else { None };
        let authorization = token.map(|token| crate::harness::bearer(&token));
        let mut headers = headers.to_vec();
        headers.extend(authorization.as_deref().map(|token| ("authorization", token)));
        let answer = app.send(method, path, &headers, None).await;
        assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
        if method != "HEAD" {
            assert_eq!(answer.error(), "405 method_not_allowed Method not allowed");
        }
    }
    for (name, value) in [("x-http-method-override", "DELETE"), ("x-method-override", "DELETE")] {
        let token = app.login("ada").await;
        let headers = [(name, value), ("authorization", &*crate::harness::bearer(&token))];
        app.send("GET", "/logout?_method=DELETE", &headers, None).await;
        assert_eq!(app.protected(&token).await.status, 200);
    }
}

fn without_nonce(page: &str) -> String {
    let nonce = page.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(nonce.len() >= 16);
    page.replace(nonce, "")
}

#[test]
fn no_public_door_has_a_part_that_varies() {
    // `turns.rs` recognises them by the path of the request.
    assert!(PUBLIC.iter().all(|door| !door.contains('{')));
}
