//! That the watch over the specs' log (`logs.rs`) finds what is secret, and nothing else.

use tracing::Level;

use crate::harness::{PASSWORD, TestApp};
use crate::logs::{DEVICE, gives_away, keep_passwords_secret};

#[tokio::test]
async fn h14_a36_whatever_is_a_secret_is_found_in_a_log_and_nothing_else_is() {
    let app = TestApp::start().await;
    assert!(tracing::enabled!(target: "hyper", Level::TRACE) && tracing::enabled!(target: "sqlx", Level::TRACE));
    let token = app.somebody("ada").await;
    let refresh = app.tokens("ada").await.refresh;
    let client = app.client("shop").await;
    keep_passwords_secret("username=bob&password=as+it+was+typed&remember=on");
    keep_passwords_secret(r#"{"current_password":"what it was before","new_password":"what it will be"}"#);
    let code = app.state.setup_code.as_ref().unwrap().to_string();
    let claims = token.split('.').nth(1).unwrap();
    let page = app.call("login", None, &format!("username=ada&password={}", PASSWORD.replace(' ', "+"))).await;
    let device = page.headers.iter().find_map(|(_, value)| value.strip_prefix(DEVICE)).unwrap();
    let device = device.split(';').next().unwrap();
    app.add_administrator("root").await;
    let root = app.login("root").await;
    let invited = app.call("admin/invite", Some(&root), "").await.json();
    let invitation = invited["link"].as_str().unwrap().split_once('#').unwrap().1;

    for secret in [
        token.as_str(),
        claims,
        &refresh,
        &format!("handstamp_refresh={refresh}"),
        &client.secret,
        &code,
        &format!("http://127.0.0.1:3000/setup#{code}"),
        device,
        "__Host-handstamp_device=of somebody else",
        invitation,
        "http://127.0.0.1:3000/signup#of-somebody-else",
        PASSWORD,
        "as+it+was+typed",
        "what it was before",
        "what it will be",
    ] {
        assert!(gives_away(&format!("TRACE hyper::proto: read {secret} of it")), "{secret}");
    }
    for harmless in [
        "INFO request{id=eyJhZXbGciOiJI-x}: Answered",
        "Signed in user `ada`",
        "password",
        "Bearer",
        "path=\"/signup\" status=201",
    ] {
        assert!(!gives_away(harmless), "{harmless}");
    }
}
