//! Forged addresses and host names: attacks A43 and A44.

use std::fs;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{PASSWORD, TestApp, part};

#[tokio::test]
async fn a43_only_the_pages_files_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    fs::create_dir_all(site.join("pkg")).unwrap();
    fs::write(folder.path().join("Cargo.toml"), "a file beside the site").unwrap();
    fs::write(site.join("pkg/handstamp.js"), "a file of the site").unwrap();
    let app = TestApp::start_with(&[("LEPTOS_SITE_ROOT", site.to_str().unwrap())]).await;
    assert!(app.get("/pkg/handstamp.js").await.body.starts_with("a file of the site"), "the control");
    for path in [
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "/%2e%2e%2fCargo.toml",
        "/pkg/../../Cargo.toml",
        "/pkg/..%2f..%2fCargo.toml",
        "/pkg/..%5c..%5cCargo.toml",
        "/....//Cargo.toml",
        "//Cargo.toml",
        "/pkg/handstamp.js%00.txt",
        "/pkg/",
        "/pkg",
        "/Cargo.toml",
        "/Cargo.lock",
        "/.git/config",
        "/.git/HEAD",
        "/.env",
        "/data/handstamp.db",
        "/data/jwt_secret",
        "/hash.txt",
        "/handstamp.db",
        "/pkg/handstamp.wasm.map",
        "/pkg/handstamp.js.map",
        "/etc/passwd",
        "/%2fetc%2fpasswd",
        "/proc/self/environ",
        "/server-status",
        "/index.html",
    ] {
        let answer = raw_get(&app, path).await;
        assert_eq!(answer.0, 404, "{path}: {answer:?}");
        assert!(!answer.1.contains("a file"), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn a44_the_settings_and_never_the_request_decide_the_servers_address() {
    let app = TestApp::start_with(&[("PUBLIC_URL", "https://id.example.org")]).await;
    app.add_user("ada").await;
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "id.example.org:80@evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-server", "evil.example"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-original-url", "/protected"),
        ("x-rewrite-url", "/protected"),
        ("x-host", "evil.example"),
    ] {
        for path in
            ["/.well-known/oauth-authorization-server", "/.well-known/jwks.json", "/", "/openapi.json", "/nothing"]
        {
            let answer = app.send("GET", path, &[(name, value)], None).await;
            assert!(!format!("{answer:?}").contains("evil"), "{name}, {path}: {answer:?}");
        }
        let metadata = app.send("GET", "/.well-known/oauth-authorization-server", &[(name, value)], None).await.json();
        assert_eq!(metadata["issuer"], "https://id.example.org", "{name}");
        let headers = [("content-type", "application/json"), (name, value)];
        let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
        let token = app.send("POST", "/login", &headers, Some(&body)).await.json();
        let claims = part(token["access_token"].as_str().unwrap(), 1);
        assert_eq!(claims["iss"], "https://id.example.org", "{name}");
    }
    // For a browser, a door at another address is not ours either.
    let headers = [("content-type", "application/json"), ("host", "evil.example"), ("origin", "http://evil.example")];
    let answer = app.send("POST", "/api/login", &headers, Some("{}")).await;
    assert_eq!(answer.error(), "403 cross_site_request Cross-site request refused");
}

/// Sends the path exactly as written: an HTTP client would normalise it first.
async fn raw_get(app: &TestApp, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(app.origin.strip_prefix("http://").unwrap()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}
