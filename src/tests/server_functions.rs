//! The server functions, where Leptos by default differs from the contract.

use crate::harness::{MORNING, TestApp, bearer};

const LOGIN: &str = "username=ada&password=correct+horse+battery+staple";

#[tokio::test]
async fn login_and_greeting_answer_what_the_page_needs() {
    let app = TestApp::start().await;
    app.add_user("ada").await;

    let login = app.call("login", None, LOGIN).await;
    assert_eq!(login.status, 200, "{login:?}");
    let token = login.json()["access_token"].as_str().unwrap().to_owned();

    app.pass(std::time::Duration::from_mins(1));
    let greeting = app.get_as("/api/greeting", &token).await;
    assert_eq!(greeting.status, 200, "{greeting:?}");
    assert_eq!(
        greeting.json(),
        serde_json::json!({
            "message": "Hello, ada! This is a protected route.",
            "username": "ada",
            "roles": [],
            "issued_at": MORNING,
            "lifetime": 300,
            "expires_in": 240,
            "must_enrol": false,
            "may_add_passkey": false,
        })
    );
}

#[tokio::test]
async fn an_error_has_the_status_and_the_shape_of_the_contract() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let cases = [
        ("username=ada&password=wrong", "401 bad_credentials Bad username or password"),
        ("username=&password=x", "400 missing_username Missing username parameter"),
        ("username=ada&password=", "400 missing_password Missing password parameter"),
        ("username=ada", "400 invalid_request Malformed request"),
        ("", "400 invalid_request Malformed request"),
        ("username=ada&username=bob&password=x", "400 invalid_request Malformed request"),
        ("username[]=ada&password=x", "400 invalid_request Malformed request"),
    ];
    for (body, expected) in cases {
        assert_eq!(app.call("login", None, body).await.error(), expected, "{body}");
    }
    assert_eq!(app.get("/api/greeting").await.error(), "401 missing_token Missing Authorization Header");
    let large = format!("username=ada&password={}", "x".repeat(17 * 1024));
    assert_eq!(app.call("login", None, &large).await.error(), "413 too_large Request too large");
    let json = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    let answer = app.send("POST", "/api/login", &json, Some("{")).await;
    assert_eq!(answer.error(), "400 invalid_request Malformed request");
}

#[tokio::test]
async fn h1_a38_another_site_cannot_make_a_browser_sign_in_or_out() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let own = app.state.config.public_url.clone();
    let refused = "403 cross_site_request Cross-site request refused";

    for (what, headers) in [
        ("cross-site", vec![form, ("sec-fetch-site", "cross-site")]),
        ("same-site", vec![form, ("sec-fetch-site", "same-site")]),
        ("typed into the address bar", vec![form, ("sec-fetch-site", "none")]),
        ("an old browser elsewhere", vec![form, ("origin", "https://evil.example")]),
        ("an origin that begins like ours", vec![form, ("origin", "http://localhost:3000.evil.example")]),
        ("a sandboxed frame", vec![form, ("origin", "null")]),
        ("no origin at all", vec![form]),
        ("own origin, but said to be elsewhere", vec![form, ("origin", &own), ("sec-fetch-site", "cross-site")]),
    ] {
        let answer = app.send("POST", "/api/login", &headers, Some(LOGIN)).await;
        assert_eq!(answer.error(), refused, "{what}");
        assert_eq!(answer.header("set-cookie"), None, "{what}");
        let authorization = bearer(&token);
        let mut headers = headers;
        headers.push(("authorization", &authorization));
        assert_eq!(app.send("POST", "/api/logout", &headers, None).await.error(), refused, "{what}");
    }
    for (method, path) in [("POST", "/login"), ("POST", "/signup"), ("DELETE", "/logout"), ("POST", "/logout")] {
        let headers = [form, ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
        assert_eq!(app.send(method, path, &headers, Some(LOGIN)).await.error(), refused, "{path}");
    }
    assert_eq!(app.protected(&token).await.status, 200);

    for headers in [vec![form, ("sec-fetch-site", "same-origin")], vec![form, ("origin", &*own)]] {
        assert_eq!(app.send("POST", "/api/login", &headers, Some(LOGIN)).await.status, 200);
    }
}

#[tokio::test]
async fn h3_a38_only_a_form_or_json_is_read() {
    let app = TestApp::start().await;
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/octet-stream", ""] {
        let headers = [("content-type", content_type), ("sec-fetch-site", "same-origin")];
        let answer = app.send("POST", "/api/login", &headers, Some(LOGIN)).await;
        assert_eq!(answer.error(), "415 unsupported_media_type Unsupported media type", "{content_type}");
    }
}

#[tokio::test]
async fn h2_a38_nothing_changes_by_get() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    for path in [
        "/api/login?username=ada&password=x",
        "/api/logout",
        "/api/signup?username=b",
        "/logout",
        "/login?username=ada",
    ] {
        app.get_as(path, &token).await;
    }
    assert_eq!(app.protected(&token).await.status, 200);
    assert_eq!(app.state.store.list_users().await.unwrap().len(), 1);
}
