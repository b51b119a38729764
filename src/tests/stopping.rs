//! SIGTERM: requests that have begun get whole answers, later ones are refused, and the process ends in order and in
//! time.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::commands::run_with;
use crate::harness::PASSWORD;
use crate::process::{Serving, Tokens, eventually, signal, text};

/// Requests that have begun at the signal: 200. No more sign-ins than may wait for a hash.
const SIGN_INS: usize = 24;
const LONG_POLLS: usize = 176;
/// Keep-alive connections that got an answer.
const IDLE: usize = 40;
/// The longest time from the signal to the end of the process.
const BOUND: Duration = Duration::from_secs(10);

#[tokio::test]
async fn requests_before_the_signal_are_answered_and_the_process_ends_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // One real hash at a time: the last sign-in waits long.
    assert!(run_with(folder, &["user", "add", "ada", "--password-stdin"], &[], PASSWORD).status.success());
    let client = text(&run_with(folder, &["client", "add", "billing"], &[], "").stdout);
    let serving = Serving::start_with(folder, &[("HASH_CONCURRENCY", "1"), ("TRUSTED_PROXIES", "127.0.0.1")]);
    let etag = etag(&serving, client.trim()).await;
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        let mut stream = ask(&serving, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
        idle.push(stream);
    }
    let (mut sign_ins, mut long_polls) = (Vec::new(), Vec::new());
    for number in 0..SIGN_INS {
        sign_ins.push(ask(&serving, &sign_in(number)).await);
    }
    for _ in 0..LONG_POLLS {
        long_polls.push(ask(&serving, &long_poll(client.trim(), Some(&etag))).await);
    }
    let all = IDLE + SIGN_INS + LONG_POLLS;
    eventually("the server has read all requests", async || connections(&serving) == (all, 0)).await;

    let begun = Instant::now();
    serving.terminate();

    // While the first are being answered.
    eventually("a newcomer is refused", async || TcpStream::connect(address(&serving)).await.is_err()).await;
    for stream in long_polls {
        assert_eq!(answer(stream).await.0, 304);
    }
    for stream in idle {
        assert_eq!(rest(stream).await, "", "closed, and nothing more was said");
    }
    let mut signed_in = Vec::new();
    for stream in sign_ins {
        let (status, body) = answer(stream).await;
        assert_eq!(status, 200, "{body}");
        signed_in.push(Tokens::of(&serde_json::from_str(&body).unwrap()));
    }
    let (status, log) = serving.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());

    expect_good(folder, signed_in).await;
}

#[tokio::test]
async fn a_request_that_has_arrived_and_was_not_read_yet_is_answered_too() {
    const REQUEST: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let mut streams = Vec::new();
    for _ in 0..IDLE {
        let mut stream = ask(&serving, REQUEST).await;
        assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
        streams.push(stream);
    }

    // The process is stopped: requests and signal wait for it when it continues.
    signal("-STOP", serving.pid());
    for stream in &mut streams {
        stream.write_all(REQUEST.as_bytes()).await.unwrap();
    }
    for _ in 0..IDLE {
        streams.push(ask(&serving, REQUEST).await);
    }
    serving.terminate();
    signal("-CONT", serving.pid());

    for stream in streams {
        assert_eq!(answer(stream).await.0, 200);
    }
    assert_eq!(serving.wait().0.code(), Some(0));
}

#[tokio::test]
async fn an_idle_connection_is_good_for_one_more_request_after_the_signal() {
    const REQUEST: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let mut idle = ask(&serving, REQUEST).await;
    assert_ne!(idle.read(&mut [0; 4096]).await.unwrap(), 0);
    serving.terminate();
    eventually("a newcomer is refused", async || TcpStream::connect(address(&serving)).await.is_err()).await;

    // As a proxy does that has not seen the end of the connection yet.
    idle.write_all(REQUEST.as_bytes()).await.unwrap();

    let said = rest(idle).await;
    assert!(said.starts_with("HTTP/1.1 200 ") && said.contains("connection: close\r\n"), "{said}");
    assert_eq!(serving.wait().0.code(), Some(0));
}

#[tokio::test]
async fn a_signal_is_obeyed_from_the_moment_the_server_says_that_it_listens() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..10 {
        assert_eq!(Serving::start(folder.path()).stop().0.code(), Some(0));
    }
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let serving = Serving::start(folder);
    // Sends no body: the server waits for it as long as its limit allows.
    let held = ask(&serving, "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n").await;
    eventually("the server has read the header", async || connections(&serving) == (1, 0)).await;
    serving.terminate();
    eventually("it has begun to stop", async || TcpStream::connect(address(&serving)).await.is_err()).await;

    serving.terminate();

    let (status, log) = serving.wait();
    assert_eq!(status.code(), Some(130));
    assert!(log.contains("Stopping: finishing the requests that have begun"), "{log}");
    drop(held);
}

/// Checks that a sign-in that was answered during the stop is valid.
async fn expect_good(folder: &Path, sign_ins: Vec<Tokens>) {
    let serving = Serving::start(folder);
    for tokens in sign_ins {
        assert!(serving.lets_in(&tokens).await);
        assert_eq!(serving.refresh(&tokens).await.status, 200);
    }
}

fn address(serving: &Serving) -> &str {
    serving.origin.strip_prefix("http://").unwrap()
}

async fn ask(serving: &Serving, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address(serving)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// From its own address: so many at once from one address would be slowed.
fn sign_in(number: usize) -> String {
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    format!(
        "POST /login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.{number}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Waits for a change of the blocklist that never comes.
fn long_poll(secret: &str, etag: Option<&str>) -> String {
    let credentials = STANDARD.encode(format!("billing:{secret}"));
    let known = etag.map(|etag| format!("If-None-Match: {etag}\r\nPrefer: wait=25\r\n")).unwrap_or_default();
    format!("GET /revocations HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\n{known}\r\n")
}

async fn etag(serving: &Serving, secret: &str) -> String {
    let request = long_poll(secret, None).replacen("Host: x", "Host: x\r\nConnection: close", 1);
    let said = rest(ask(serving, &request).await).await;
    said.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned()
}

/// Reads the rest. Fails on a reset.
async fn rest(mut stream: TcpStream) -> String {
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    said
}

/// Returns status and body of a complete answer.
async fn answer(stream: TcpStream) -> (u16, String) {
    let said = rest(stream).await;
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or_else(|| panic!("cut: {said}"));
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    assert_eq!(length.map_or(0, |length| length.parse().unwrap()), body.len(), "{said}");
    (head[9..12].parse().unwrap(), body.to_owned())
}

/// Returns how many connections the server has, and on how many of them there are unread bytes.
fn connections(serving: &Serving) -> (usize, usize) {
    let port: u16 = address(serving).rsplit_once(':').unwrap().1.parse().unwrap();
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    // Local and remote address, state (01: established), bytes to send and to read.
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    let ours: Vec<_> = rows.filter(|row| row[1].ends_with(&format!(":{port:04X}")) && row[3] == "01").collect();
    (ours.len(), ours.iter().filter(|row| !row[4].ends_with(":00000000")).count())
}
