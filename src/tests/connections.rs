//! Connections: the limits for slow, greedy or broken clients, and how the server stops.

use std::time::Duration;

use handstamp::server::http::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::TestApp;

/// Short enough for a spec to wait.
fn hasty() -> Limits {
    let short = Duration::from_millis(200);
    Limits { header_time: short, body_time: short, write_time: short, ..Limits::default() }
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.origin.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Reads everything until the server closes. A spec that waits for ever has failed.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is a close too.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a26_h11_a_client_that_never_finishes_its_header_is_disconnected() {
    let app = TestApp::start_limited(hasty()).await;
    for beginning in ["", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let mut stream = connect(&app).await;
        stream.write_all(beginning.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await;
    }
}

#[tokio::test]
async fn a26_h11_a_client_that_never_finishes_its_body_gets_an_error_and_is_disconnected() {
    let app = TestApp::start_limited(hasty()).await;
    let mut stream = connect(&app).await;
    let head = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"code":"request_timeout","msg":"Request took too long"}"#), "{answer}");
}

#[tokio::test]
async fn a26_h11_an_idle_connection_is_closed_after_its_answer() {
    let app = TestApp::start_limited(hasty()).await;
    let mut stream = connect(&app).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_client_that_never_reads_its_answer_is_disconnected() {
    // Only this limit is short: no other one may close the connection.
    let short = Duration::from_millis(200);
    let app = TestApp::start_limited(Limits { write_time: short, ..Limits::default() }).await;
    let mut stream = connect(&app).await;
    // More than all buffers can hold: the server cannot write any more, and then does not read either.
    while stream.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n").await.is_ok() {}
}

#[tokio::test]
async fn only_so_many_connections_are_open_at_a_time() {
    let app = TestApp::start_limited(Limits { connections: 1, ..Limits::default() }).await;
    let first = connect(&app).await;
    let mut second = connect(&app).await;
    second.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let waiting = tokio::spawn(async move { read_to_end(&mut second).await });
    // The first has the only place and sends nothing. The second is served when the first leaves.
    drop(first);
    assert!(waiting.await.unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn bytes_that_are_not_http_or_are_ambiguous_are_refused() {
    let app = TestApp::start().await;
    let post = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for (what, request) in [
        ("no HTTP", "hello\r\n\r\n".to_owned()),
        ("two lengths", format!("{post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}")),
        ("a signed length", format!("{post}Content-Length: +2\r\n\r\n{{}}")),
        ("chunked, but not last", format!("{post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")),
        ("space before the colon", "GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n".to_owned()),
        ("a folded header", "GET /healthz HTTP/1.1\r\nHost: x\r\n y\r\nX: y\r\n\tz\r\n\r\n".to_owned()),
        ("NUL in a header", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n".to_owned()),
    ] {
        let mut stream = connect(&app).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{what}: {answer}");
    }
    let mut stream = connect(&app).await;
    let huge = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(1_000_000));
    // The server stops reading before all is written.
    let _ = stream.write_all(huge.as_bytes()).await;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_server_stops() {
    let mut app = TestApp::start().await;
    app.add_user("ada").await;
    let mut stream = connect(&app).await;
    let body = format!(r#"{{"username":"ada","password":"{}"}}"#, crate::harness::PASSWORD);
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..10]).await.unwrap();
    // The server has read the head when it answers a later client.
    assert_eq!(app.get("/healthz").await.status, 200);

    app.stop_accepting();
    // A refused connection shows that the server has begun to stop.
    let addr = app.origin.strip_prefix("http://").unwrap().to_owned();
    while TcpStream::connect(&addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(&body.as_bytes()[10..]).await.unwrap();
    let answer = read_to_end(&mut stream).await;

    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    app.stop().await;
}
