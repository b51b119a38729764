//! Requests that two servers could read as different ones (request smuggling): row H12, attack A27.
//!
//! Sent over a raw socket, each with a second request after it. A server that reads the first one differently from a
//! proxy would answer the second.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::TestApp;

/// The request that must never be answered: it is inside or after a refused request.
const SMUGGLED: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
const POST: &str = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

/// Reads everything until the server closes. Returns also whether it closed in order.
async fn exchange(app: &TestApp, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.origin.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request).await.unwrap();
    // The client sends nothing more: a server that waits for the rest of a request then closes the connection.
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a27_a46_h12_a_request_that_can_be_read_in_two_ways_is_refused_and_ends_the_connection() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    for (what, head) in [
        ("two lengths", "Content-Length: 0\r\nContent-Length: 40\r\n\r\n"),
        ("a list of lengths", "Content-Length: 0, 40\r\n\r\n"),
        ("a signed length", "Content-Length: +0\r\n\r\n"),
        ("a negative length", "Content-Length: -1\r\n\r\n"),
        ("a length in hexadecimal", "Content-Length: 0x0\r\n\r\n"),
        ("a length with a space inside", "Content-Length: 0 0\r\n\r\n"),
        ("a length beyond all numbers", "Content-Length: 99999999999999999999999\r\n\r\n"),
        ("an empty length", "Content-Length: \r\n\r\n"),
        ("chunked, but not last", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        ("an unknown encoding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("a length of a chunk that is no number", "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n0\r\n\r\n"),
        (
            "a length of a chunk beyond all numbers",
            "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n0\r\n\r\n",
        ),
        ("a space before the colon", "Content-Length : 0\r\n\r\n"),
        ("a tab before the colon", "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"),
        ("a folded header", "X: a\r\n Content-Length: 40\r\nContent-Length: 0\r\n\r\n"),
        ("NUL in a header", "X: a\0b\r\nContent-Length: 0\r\n\r\n"),
        ("a bare carriage return in a header", "X: a\rContent-Length: 40\r\nContent-Length: 0\r\n\r\n"),
        ("a header without a name", ": x\r\nContent-Length: 0\r\n\r\n"),
        ("a header without a colon", "nonsense\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let answer = exchange(&app, format!("{POST}{head}{SMUGGLED}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{what}: {answer}");
        assert!(!answer.contains("alive"), "{what}: {answer}");
    }
    assert_eq!(app.protected(&token).await.status, 200, "a46: the honest token still works");
}

#[tokio::test]
async fn a27_h12_if_the_standard_allows_one_reading_the_server_uses_it() {
    let app = TestApp::start().await;
    // RFC 9112, section 6.3: chunked wins over a length, and then nothing may follow on the connection.
    let chunked_wins = "Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    for order in [chunked_wins, "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"] {
        let answer = exchange(&app, format!("{POST}{order}{SMUGGLED}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{order}: {answer}");
        assert!(!answer.contains("alive"), "{order}: {answer}");
    }
    // A second request line inside a body that has its length is body.
    let inside = format!("{POST}Connection: close\r\nContent-Length: {}\r\n\r\n{SMUGGLED}", SMUGGLED.len());
    let answer = exchange(&app, inside.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && !answer.contains("alive"), "{answer}");
    // The control: two valid requests are both answered.
    let two = format!("{SMUGGLED}{}", SMUGGLED.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    let answer = exchange(&app, two.as_bytes()).await;
    assert_eq!(answer.matches("alive").count(), 2, "{answer}");
}

#[tokio::test]
async fn a27_bytes_that_are_not_an_http_1_request_are_refused() {
    let app = TestApp::start().await;
    for (what, request) in [
        ("nothing of the kind", "hello\r\n\r\n"),
        ("no version", "GET /healthz\r\n\r\n"),
        ("another version", "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n"),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("a greeting of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n"),
        ("a space in the address", "GET /health z HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("a control character in the address", "GET /health\x01z HTTP/1.1\r\nHost: x\r\n\r\n"),
    ] {
        let answer = exchange(&app, request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{what}: {answer}");
    }
}
