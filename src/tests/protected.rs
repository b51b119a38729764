//! The protected greeting, and everything that is not a valid `Authorization` header.

use std::time::Duration;

use crate::harness::{TestApp, bearer};

#[tokio::test]
async fn the_header_must_be_bearer_and_one_token() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let missing = "401 missing_token Missing Authorization Header";
    let bad = "401 bad_authorization_header Bad Authorization header. Expected 'Authorization: Bearer <JWT>'";

    let none = app.get("/protected").await;
    assert_eq!(none.error(), missing);
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    for (value, expected) in [
        (String::new(), missing),
        ("   ".to_owned(), missing),
        ("Bearer".to_owned(), bad),
        (token.clone(), bad),
        (format!("Token {token}"), bad),
        (format!("Basic {token}"), bad),
        (format!("Bearer \t{token}"), bad),
        (format!("Bearer {token} {token}"), bad),
        (format!("Bearer {token}, Bearer {token}"), bad),
        (format!("Bearer\t{token}"), bad),
        (format!("Bearer \"{token}\""), "401 invalid_token Invalid token"),
        (format!("Bearer {token}%2E"), "401 invalid_token Invalid token"),
    ] {
        let answer = app.send("GET", "/protected", &[("authorization", &value)], None).await;
        assert_eq!(answer.error(), expected, "{value}");
    }
    let twice = [("authorization", &*bearer(&token)), ("authorization", &*bearer(&token))];
    assert_eq!(app.send("GET", "/protected", &twice, None).await.error(), bad);

    for scheme in ["Bearer", "bearer", "BEARER"] {
        let header = format!("{scheme} {token}");
        assert_eq!(app.send("GET", "/protected", &[("authorization", &header)], None).await.status, 200);
    }
}

#[tokio::test]
async fn t22_a_token_anywhere_else_opens_nothing() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let missing = "401 missing_token Missing Authorization Header";

    assert_eq!(app.get(&format!("/protected?access_token={token}")).await.error(), missing);
    let cookie = format!("access_token={token}; handstamp.access_token={token}");
    assert_eq!(app.send("GET", "/protected", &[("cookie", &cookie)], None).await.error(), missing);
    let (form, json) = (format!("access_token={token}"), format!(r#"{{"access_token":"{token}"}}"#));
    for (content_type, body) in [("application/x-www-form-urlencoded", form), ("application/json", json)] {
        for path in ["/password", "/api/logout"] {
            let headers = [("content-type", content_type), ("sec-fetch-site", "same-origin")];
            assert_eq!(app.send("POST", path, &headers, Some(&body)).await.error(), missing, "{path}: {content_type}");
        }
    }
    assert_eq!(app.protected(&token).await.status, 200);
}

#[tokio::test]
async fn a_token_over_four_kib_is_refused_before_it_is_read() {
    let app = TestApp::start().await;
    let answer = app.protected(&"a".repeat(4097)).await;
    assert_eq!(answer.error(), "431 headers_too_large Request header fields too large");
    assert_eq!(app.protected(&"a".repeat(4096)).await.error(), "401 invalid_token Invalid token");
    let headers = [("x-padding", &*"a".repeat(17 * 1024))];
    let answer = app.send("GET", "/healthz", &headers, None).await;
    assert_eq!(answer.error(), "431 headers_too_large Request header fields too large");
}

#[tokio::test]
async fn a_token_is_valid_until_the_second_it_expires() {
    let app = TestApp::start_with(&[("JWT_ACCESS_TOKEN_EXPIRES", "5m")]).await;
    let token = app.somebody("ada").await;

    app.pass(Duration::from_secs(299));
    assert_eq!(app.protected(&token).await.status, 200);
    app.pass(Duration::from_secs(1));
    assert_eq!(app.protected(&token).await.error(), "401 token_expired Token has expired");
}

#[tokio::test]
async fn leeway_forgives_what_it_says_and_no_more() {
    let app = TestApp::start_with(&[("JWT_ACCESS_TOKEN_EXPIRES", "5m"), ("JWT_LEEWAY", "10s")]).await;
    let token = app.somebody("ada").await;

    app.pass(Duration::from_secs(309));
    assert_eq!(app.protected(&token).await.status, 200);
    app.pass(Duration::from_secs(1));
    assert_eq!(app.protected(&token).await.error(), "401 token_expired Token has expired");
}

#[tokio::test]
async fn me_is_the_account_behind_the_token() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;

    let me = app.get_as("/me", &token).await.json();

    assert_eq!(me["username"], "ada");
    assert_eq!(me["roles"], serde_json::json!([]));
    assert_eq!(me["created_at"], crate::harness::MORNING);
    assert_eq!(me["id"].as_str().unwrap().len(), 22);
}
