//! The log: every event is one line that can be read alone, has the id of its request, and contains no control
//! characters from clients.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpStream};

use axum::body::Body;
use axum::http::Request;
use handstamp::server::http::{Limits, Visit, router};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::harness::{PASSWORD, TestApp, bearer, send_to};
use crate::process::{Serving, add_ada};

/// Text that an attacker sends to places that may be logged: line ends, and sequences that move a terminal's cursor.
const HOSTILE: &str = "eve\r\n{\"forged\":1}\u{1b}[2J\u{9b}31m\u{2028}\u{202e}";

/// Signs in and out with a request id, and sends hostile text in every place that may reach the log.
async fn visit(serving: &Serving) {
    let json = ("content-type", "application/json");
    let id = ("x-request-id", "from-the-proxy_1.2");
    let right = serde_json::json!({ "username": "ada", "password": PASSWORD }).to_string();
    let answer = send_to(&serving.origin, "POST", "/login", &[json, id], Some(&right)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("x-request-id"), Some(id.1));
    let token = bearer(answer.json()["access_token"].as_str().unwrap());
    let answer = send_to(&serving.origin, "DELETE", "/logout", &[("authorization", &token), id], None).await;
    assert_eq!(answer.status, 200, "{answer:?}");

    let hostile = serde_json::json!({ "username": HOSTILE, "password": HOSTILE }).to_string();
    assert_eq!(send_to(&serving.origin, "POST", "/login", &[json], Some(&hostile)).await.status, 401);
    send_to(&serving.origin, "POST", "/signup", &[json], Some(&hostile)).await;
    raw(
        serving,
        "GET /%0d%0aforged%1b[2J HTTP/1.1\r\nHost: x\r\nUser-Agent: a\u{9b}31m\u{202e}\r\nX-Request-Id: a b\r\n\r\n",
    );
    raw(serving, "GET /\u{1b}[2J HTTP/1.1\r\nHost: x\r\n\r\n");
    raw(serving, "\u{1b}[2J\u{9b} / HTTP/1.1\r\n\r\n");
}

/// Bytes that no client would send.
fn raw(serving: &Serving, request: &str) {
    let mut stream = TcpStream::connect(serving.origin.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}

fn expect_harmless(line: &str) {
    let harmful = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{202e}');
    assert!(!line.contains(harmful), "{line:?}");
}

#[tokio::test]
async fn with_json_every_line_is_an_object_with_time_level_fields_and_the_request_s_id() {
    let folder = tempfile::tempdir().unwrap();
    add_ada(folder.path()).await;
    let serving = Serving::start_with(folder.path(), &[("LOG_FORMAT", "json")]);
    visit(&serving).await;
    let (status, log) = serving.stop();
    assert!(status.success());

    let mut of_the_request = Vec::new();
    for line in log.lines() {
        expect_harmless(line);
        let event: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(
            event["timestamp"].as_str().is_some_and(|time| time.starts_with("20") && time.ends_with('Z')),
            "{line}"
        );
        assert!(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&event["level"].as_str().unwrap()), "{line}");
        assert!(event["fields"].is_object(), "{line}");
        let message = event["fields"]["message"].as_str().unwrap_or_default().to_owned();
        if event["target"].as_str().unwrap().starts_with("handstamp") && event["spans"].is_array() {
            assert!(event["spans"][0]["id"].as_str().is_some_and(|id| !id.is_empty()), "{line}");
        }
        if event["spans"][0]["id"] == "from-the-proxy_1.2" {
            of_the_request.push(message);
        } else {
            assert!(!["Signed out", "Signed in user `ada`"].contains(&message.as_str()), "{line}");
        }
    }
    for message in ["Signed in user `ada`", "Signed out", "Answered"] {
        assert!(of_the_request.iter().any(|known| known == message), "{message}: {of_the_request:?}");
    }
}

#[tokio::test]
async fn as_text_every_line_begins_with_its_time_and_moves_no_cursor() {
    let folder = tempfile::tempdir().unwrap();
    add_ada(folder.path()).await;
    let serving = Serving::start_with(folder.path(), &[]);
    visit(&serving).await;
    let (status, log) = serving.stop();
    assert!(status.success());

    assert!(log.lines().count() > 20);
    for line in log.split_terminator('\n') {
        expect_harmless(line);
        assert!(line.starts_with("20") && line.as_bytes()[4] == b'-', "{line}");
    }
    for message in ["Signed in user `ada`", "Signed out", "Answered"] {
        let of_the_request =
            |line: &str| line.contains(message) && line.contains(r#"request{id="from-the-proxy_1.2"}"#);
        assert!(log.lines().any(of_the_request), "{message}");
    }
}

#[tokio::test]
async fn a_request_id_from_this_machine_is_used_if_it_is_short_and_plain() {
    let app = TestApp::start().await;
    let longest = "x".repeat(64);
    for given in ["a", "0f8fad5b-d9cb-469f-a165-70867728950e", "Az09._-", &longest] {
        let answer = app.send("GET", "/healthz", &[("x-request-id", given)], None).await;
        assert_eq!(answer.header("x-request-id"), Some(given));
    }
    let too_long = "x".repeat(65);
    let twice = [("x-request-id", "a"), ("x-request-id", "b")];
    for headers in [&[("x-request-id", "")][..], &[("x-request-id", "a b")], &[("x-request-id", "a\"}")], &twice] {
        let answer = app.send("GET", "/healthz", headers, None).await;
        assert!(answer.header("x-request-id").is_some_and(|id| id.len() == 16), "{headers:?}");
    }
    let answer = app.send("GET", "/healthz", &[("x-request-id", &too_long)], None).await;
    assert!(answer.header("x-request-id").is_some_and(|id| id.len() == 16));

    let stranger = Visit::begin("203.0.113.7".parse::<IpAddr>().unwrap());
    let request = Request::builder().uri("/healthz").header("x-request-id", "a").extension(stranger);
    let request = request.body(Body::empty()).unwrap();
    let answer = router(&app.state, Limits::default()).oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["x-request-id"].len(), 16);
}
