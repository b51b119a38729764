//! The headers of every answer.

use crate::harness::{Answer, TestApp};

fn assert_secure(what: &str, answer: &Answer) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{what}: {name}");
    }
    let policy = answer.header("content-security-policy").unwrap();
    for demand in ["default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "'nonce-"] {
        assert!(policy.contains(demand), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{what}: {policy}");
    assert!(answer.header("x-request-id").is_some_and(|id| id.len() == 16), "{what}");
    assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
    assert_eq!(answer.header("server"), None, "{what}");
}

#[tokio::test]
async fn h5_h6_h7_every_answer_carries_them_whatever_its_status() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let html = [("accept", "text/html")];
    let evil =
        [("content-type", "application/json"), ("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];

    for (status, what, answer) in [
        (200, "a page", app.get("/login").await),
        (200, "a door", app.get_as("/protected", &token).await),
        (200, "health", app.get("/healthz").await),
        (200, "a function", app.call("login", None, "username=ada&password=correct+horse+battery+staple").await),
        (303, "a plain form", {
            let headers =
                [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin"), html[0]];
            app.send("POST", "/api/login", &headers, Some("username=ada&password=x")).await
        }),
        (400, "a bad request", app.post_json("/login", "{").await),
        (401, "no token", app.get("/protected").await),
        (403, "another site", app.send("POST", "/api/login", &evil, Some("{}")).await),
        (404, "no page", app.send("GET", "/nothing/here", &html, None).await),
        (404, "no function", app.get("/api/nothing").await),
        (404, "a file that is none", app.get("/pkg/nothing.wasm").await),
        (405, "a wrong method", app.get("/logout").await),
        (413, "a large body", app.post_json("/login", &"x".repeat(17 * 1024)).await),
        (415, "a wrong type", app.send("POST", "/login", &[("content-type", "text/plain")], Some("x")).await),
        (431, "a large header", app.send("GET", "/", &[("x", &*"x".repeat(17 * 1024))], None).await),
    ] {
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_secure(what, &answer);
    }
}

#[tokio::test]
async fn a42_a_broken_store_is_503_without_details() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    app.state.store.close().await;

    let unavailable = "503 unavailable Temporarily unavailable";
    assert_eq!(app.get("/readyz").await.error(), unavailable);
    assert_eq!(app.post_json("/login", r#"{"username":"ada","password":"x"}"#).await.error(), unavailable);
    let logout = app.logout(&token).await;
    assert_eq!(logout.error(), unavailable, "a sign-out that is not durable is none");
    assert_secure("a broken store", &logout);
    assert_eq!(app.call("logout", Some(&token), "").await.error(), unavailable);
    // Doors that need no store still work.
    assert_eq!(app.protected(&token).await.status, 200);
    assert_eq!(app.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn each_page_has_its_own_nonce_and_the_header_names_it() {
    let app = TestApp::start().await;
    let nonce = |answer: &Answer| {
        let policy = answer.header("content-security-policy").unwrap();
        policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned()
    };
    let (one, other) = (app.get("/login").await, app.get("/login").await);
    assert_ne!(nonce(&one), nonce(&other));
    for script in one.body.split("<script").skip(1) {
        assert!(script.split('>').next().unwrap().contains(&format!(r#"nonce="{}""#, nonce(&one))), "{script}");
    }
    assert!(!one.body.contains("style=\""), "the policy forbids styles in attributes");
    for attribute in [" onclick=", " onsubmit=", " onload="] {
        assert!(!one.body.contains(attribute), "{attribute}");
    }
}

#[tokio::test]
async fn h7_behind_https_browsers_are_told_to_stay_there() {
    let app = TestApp::start_with(&[("PUBLIC_URL", "https://id.example.org")]).await;
    let hsts = "strict-transport-security";
    assert_eq!(app.get("/").await.header(hsts), Some("max-age=31536000; includeSubDomains"));
    assert_eq!(TestApp::start().await.get("/").await.header(hsts), None);
}
