//! Requests that are too large, or expensive to parse: row H10 and attacks A13, A25.
//!
//! After each, signed-in users are still served (A46), and the process needs no more memory than before.

use std::fmt::Write as _;
use std::fs;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{PASSWORD, TestApp, bearer};
use crate::process::{Serving, add_ada};

const MIB: usize = 1024 * 1024;

/// Writes as much as the server accepts, and reads until it closes.
async fn send_raw(origin: &str, parts: &[&[u8]]) -> String {
    let stream = TcpStream::connect(origin.strip_prefix("http://").unwrap()).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let parts: Vec<Vec<u8>> = parts.iter().map(|part| part.to_vec()).collect();
    let writing = tokio::spawn(async move {
        for part in parts {
            // The server may have answered and closed already.
            if write.write_all(&part).await.is_err() {
                break;
            }
        }
        write
    });
    let mut answer = Vec::new();
    // A reset is a close too; the bytes before it count.
    let _ = read.read_to_end(&mut answer).await;
    drop(writing.await.unwrap());
    String::from_utf8_lossy(&answer).into_owned()
}

/// Accepts a connection that was reset before its answer, or one of these statuses.
fn assert_refused(what: &str, answer: &str, statuses: &[u16]) {
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    assert!(status.is_none_or(|status| statuses.contains(&status)), "{what}: {answer}");
}

#[tokio::test]
async fn a13_a46_h10_huge_headers_are_refused_and_cost_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    add_ada(folder.path()).await;
    let serving = Serving::start_with(folder.path(), &[]);
    let tokens = serving.login().await;
    assert!(serving.lets_in(&tokens).await);
    let get = |header: &str| format!("GET /protected HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n");
    // Once before measuring, so that the allocator is warm.
    send_raw(&serving.origin, &[get(&format!("Authorization: Bearer {}", "a".repeat(MIB))).as_bytes()]).await;
    let before = resident_kib(serving.pid());

    let many = (0..101).fold(String::new(), |mut lines, number| {
        write!(lines, "X-{number}: y\r\n").unwrap();
        lines
    });
    for (what, header, statuses) in [
        ("a token over 4 KiB", format!("Authorization: Bearer {}", "a".repeat(4097)), [431, 431]),
        ("a header over 16 KiB", format!("Authorization: Bearer {}", "a".repeat(17 * 1024)), [431, 431]),
        ("300 KB", format!("Authorization: Bearer {}", "a".repeat(300_000)), [431, 400]),
        ("1 MB", format!("Authorization: Bearer {}", "a".repeat(MIB)), [431, 400]),
        ("8 MB", format!("Authorization: Bearer {}", "a".repeat(8 * MIB)), [431, 400]),
        ("101 lines", many.trim_end().to_owned(), [431, 400]),
        ("a cookie of 64 KB", format!("Cookie: handstamp_refresh={}", "a".repeat(64 * 1024)), [431, 400]),
    ] {
        let request = get(&format!("Connection: close\r\n{header}"));
        assert_refused(what, &send_raw(&serving.origin, &[request.as_bytes()]).await, &statuses);
    }
    let address = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(MIB));
    assert_refused("a long address", &send_raw(&serving.origin, &[address.as_bytes()]).await, &[414, 431, 400]);

    assert!(serving.lets_in(&tokens).await, "a46: the honest token still works");
    let grown = resident_kib(serving.pid()).saturating_sub(before);
    assert!(grown <= 1024, "{grown} KiB more than before");
}

#[tokio::test]
async fn a25_a46_h10_huge_and_tangled_bodies_are_refused_and_cost_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    add_ada(folder.path()).await;
    let serving = Serving::start_with(folder.path(), &[]);
    let tokens = serving.login().await;
    let post = |path: &str, content_type: &str, more: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: {content_type}\r\n{more}\r\n\r\n"
        )
    };
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, "x".repeat(64 * 1024));
    let warm = post("/login", json, &format!("Content-Length: {}", 2 * MIB));
    send_raw(&serving.origin, &[warm.as_bytes(), "x".repeat(2 * MIB).as_bytes()]).await;
    let before = resident_kib(serving.pid());

    for path in ["/login", "/api/login", "/refresh", "/verify-token"] {
        let announced = post(path, json, &format!("Content-Length: {}", 2 * MIB));
        let answer = send_raw(&serving.origin, &[announced.as_bytes(), "x".repeat(2 * MIB).as_bytes()]).await;
        assert_refused("2 MB", &answer, &[413]);
        // Announces a gigabyte, and sends as much as the server accepts.
        let announced = post(path, form, "Content-Length: 1073741824");
        let answer = send_raw(&serving.origin, &[announced.as_bytes(), "x".repeat(MIB).as_bytes()]).await;
        assert_refused("a gigabyte", &answer, &[413]);
        // Endless chunks: the last one never comes.
        let chunked = post(path, form, "Transfer-Encoding: chunked");
        let chunks = vec![chunk.as_bytes(); 64];
        let answer = send_raw(&serving.origin, &[&[chunked.as_bytes()][..], &chunks].concat()).await;
        assert_refused("chunks without end", &answer, &[413]);
    }
    assert!(serving.lets_in(&tokens).await, "a46: the honest token still works");
    let grown = resident_kib(serving.pid()).saturating_sub(before);
    assert!(grown <= 1024, "{grown} KiB more than before");
}

#[tokio::test]
async fn a25_a_body_that_does_not_match_its_content_type_is_refused() {
    let app = TestApp::start().await;
    app.add_administrator("root").await;
    let token = app.somebody("ada").await;
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    let credentials = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let as_form = format!("username=ada&password={PASSWORD}");
    let fields = "a=1&".repeat(4000);
    let deep = format!("username{}=ada&password=x", "[a]".repeat(3000));
    let nested = format!(r#"{{"username":{}"#, "[".repeat(15_000));
    for door in ["/login", "/api/login", "/signup", "/api/signup"] {
        for (what, content_type, body, statuses) in [
            ("thousands of fields", form, fields.as_str(), &[400][..]),
            ("deep brackets", form, &deep, &[400]),
            ("deep JSON", json, &nested, &[400]),
            ("a field twice", form, &format!("{as_form}&password=y"), &[400]),
            ("a member twice", json, &credentials.replace('}', r#","password":"y"}"#), &[400]),
            ("JSON that says it is a form", form, &credentials, &[400]),
            ("a list", json, &format!("[{credentials}]"), &[400]),
            ("numbers", json, r#"{"username":1,"password":2}"#, &[400]),
            ("half a character", form, "username=%F0%9F&password=%", &[400, 401]),
            ("multipart", "multipart/form-data; boundary=x", &as_form, &[415]),
            ("plain text", "text/plain", &credentials, &[415]),
        ] {
            let headers = [("content-type", content_type), ("sec-fetch-site", "same-origin")];
            let answer = app.send("POST", door, &headers, Some(body)).await;
            assert!(statuses.contains(&answer.status), "{door}, {what}: {answer:?}");
            answer.error();
        }
        // The server does not decompress a body: it reads the bytes as they are, and they are not JSON.
        let packed = [("content-type", json), ("content-encoding", "gzip"), ("sec-fetch-site", "same-origin")];
        let answer = app.send("POST", door, &packed, Some("\u{1f}\u{8b}")).await;
        assert_eq!(answer.error(), "400 invalid_request Malformed request", "{door}");
    }
    // Server functions read a form with either of these content types: no other site can send them (H1, H3).
    for door in ["/login", "/signup"] {
        let answer = app.send("POST", door, &[("content-type", json)], Some(&as_form)).await;
        assert_eq!(answer.error(), "400 invalid_request Malformed request", "{door}: a form that says it is JSON");
    }
    // Fewer bytes than announced: the server need not answer, and must not sign in.
    let head = format!("POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: {json}\r\nConnection: close\r\n");
    let short = format!("{head}Content-Length: {}\r\n\r\n{credentials}", credentials.len() - 1);
    assert_refused("the last byte is not counted", &send_raw(&app.origin, &[short.as_bytes()]).await, &[400]);
    assert_eq!(app.protected(&token).await.status, 200, "a46: the honest token still works");
    let authorization = bearer(&token);
    let odd = [("authorization", &*authorization), ("content-type", "text/plain")];
    assert_eq!(app.send("GET", "/protected", &odd, None).await.status, 200, "a header that does not matter");
}

/// Returns the private memory of a process in KiB.
fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}
