//! The public name of a server at home: `localhost`, to which a browser at `127.0.0.1` is led, and what password managers and
//! browsers find there.

use serde_json::json;

use crate::harness::{PASSWORD, TestApp};

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml");

#[tokio::test]
async fn a_browser_at_the_address_is_led_to_the_same_page_at_the_name() {
    let app = TestApp::start().await;
    for path in ["/", "/login?next=%2Faccount", "/sessions", "/setup", "/no-such-page"] {
        let answer = app.send("GET", path, &[PAGE, ("host", "127.0.0.1:3000")], None).await;
        assert_eq!(answer.status, 307, "{path}: {answer:?}");
        assert_eq!(answer.header("location"), Some(&*format!("http://localhost:3000{path}")));
    }
    for host in ["localhost:3000", "127.0.0.1:8080", "127.0.0.1:3000.evil.example", "evil.example:3000"] {
        let answer = app.send("GET", "/login", &[PAGE, ("host", host)], None).await;
        assert_eq!((answer.status, answer.header("location")), (200, None), "{host}");
    }
}

#[tokio::test]
async fn a_program_at_the_address_is_answered_there() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let at_address = ("host", "127.0.0.1:3000");
    for path in ["/healthz", "/readyz", "/.well-known/jwks.json", "/metrics"] {
        for accept in ["*/*", PAGE.1] {
            let answer = app.send("GET", path, &[at_address, ("accept", accept)], None).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
        }
    }
    let body = format!("username=ada&password={PASSWORD}");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let answer = app.send("POST", "/login", &[at_address, form, PAGE], Some(&body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // A page that was open before the name was the public one.
    let own = ("sec-fetch-site", "same-origin");
    let answer = app.send("POST", "/api/login", &[at_address, form, own, PAGE], Some(&body)).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/dashboard")), "{answer:?}");
}

#[tokio::test]
async fn a_server_whose_public_url_is_an_address_leads_nobody_away() {
    let app = TestApp::start_with(&[("PUBLIC_URL", "http://127.0.0.1:3000")]).await;
    let answer = app.send("GET", "/login", &[PAGE, ("host", "127.0.0.1:3000")], None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn password_managers_find_where_passkeys_are_managed() {
    let app = TestApp::start_with(&[("PUBLIC_URL", "https://id.example.org")]).await;
    let account = "https://id.example.org/account";
    let answer = app.get("/.well-known/passkey-endpoints").await;
    assert_eq!(answer.json(), json!({ "enroll": account, "manage": account }));
    assert_eq!(app.get("/.well-known/webauthn").await.error(), "404 not_found Not found");

    let app = TestApp::start_with(&[("PUBLIC_URL", "http://127.0.0.1:3000")]).await;
    assert_eq!(app.get("/.well-known/passkey-endpoints").await.error(), "404 not_found Not found");
}

#[tokio::test]
async fn browsers_find_the_other_domains_that_may_use_the_passkeys() {
    let related = "https://app.example.net, https://example.com";
    let app = TestApp::start_with(&[("PUBLIC_URL", "https://example.org"), ("WEBAUTHN_ORIGINS", related)]).await;
    let answer = app.get("/.well-known/webauthn").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json(), json!({ "origins": ["https://app.example.net", "https://example.com"] }));
}
