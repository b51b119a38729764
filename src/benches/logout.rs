//! Measures durable sign-outs a second, the time of each, and when another service knows. Run it with `make
//! bench-logout`.
//!
//! Uses real sockets, the real binary, and SQLite on a real disk. Each client sends the next request when it has the
//! last answer. A slow server therefore gets fewer requests: the rate is what this number of clients gets.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join_all;
use serde_json::Value;
use tokio::time::timeout;

use crate::server::{Connection, Server, add_ada, add_client, sign_in};

mod server;

/// Connections, and the most sign-outs of each.
const RUNS: [(usize, usize); 2] = [(1, 500), (64, 200)];
/// The first of each are not counted.
const WARM_UP: usize = 20;
/// The same while another service follows the blocklist: fewer, because each answer contains all live entries.
const FOLLOWED: [(usize, usize); 2] = [(1, 500), (64, 50)];
/// The longest duration of a run.
const TIME: Duration = Duration::from_secs(15);
/// The time within which another service must know of a sign-out.
const BOUND: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("is writable");
    let cores = std::thread::available_parallelism().expect("is known");
    println!(
        "Sign-outs, each durable before its answer. The clients are one thread, the server has {cores} more; they"
    );
    println!("share {cores} cores as the system likes. fdatasync of 4 KiB here: p50 {}\n", fsync_time(folder.path()));
    println!("{:>8} {:>10} {:>10} {:>9} {:>9} {:>9}", "clients", "sign-outs", "a second", "p50", "p99", "longest");

    add_ada(folder.path());
    let tokens = sign_in(folder.path(), RUNS.map(|(clients, each)| clients * each).iter().sum()).await;
    let mut left = tokens.as_slice();
    for (clients, each) in RUNS {
        let (now, later) = left.split_at(clients * each);
        left = later;
        // Each run starts a server, so that it does not inherit the write-ahead log of another.
        let server = Server::start(folder.path());
        print_run(clients, &server, now, each).await;
        server.stop();
    }

    println!("\nAnother service follows GET /revocations by ETag meanwhile. From the answer until it knows:\n");
    println!("{:>8} {:>10} {:>9} {:>9} {:>9}", "clients", "sign-outs", "p50", "p99", "longest");
    let mut in_time = true;
    for (clients, each) in FOLLOWED {
        in_time &= print_followed_run(clients, each).await;
    }
    if in_time { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn print_run(clients: usize, server: &Server, tokens: &[String], each: usize) {
    let mut connections = connect(server, clients).await;
    let (warm_up, measured): (Vec<_>, Vec<_>) = tokens.chunks(each).map(|tokens| tokens.split_at(WARM_UP)).unzip();
    let mut until = Instant::now() + TIME;
    join_all(connections.iter_mut().zip(warm_up).map(|(connection, tokens)| sign_out(connection, tokens, until))).await;

    let begun = Instant::now();
    until = begun + TIME;
    let runs = connections.iter_mut().zip(measured).map(|(connection, tokens)| sign_out(connection, tokens, until));
    let mut times = join_all(runs).await.concat();
    let rate = per_second(times.len(), begun.elapsed());
    times.sort();
    let [p50, p99, longest] = quantiles(&times).map(shown);
    println!("{clients:>8} {:>10} {rate:>10} {p50:>9} {p99:>9} {longest:>9}", times.len());

    // Check that what was measured has really happened.
    assert_eq!(connections[0].ask("GET /protected", &tokens[0]).await, 401);
}

/// Uses its own database, whose blocklist has no other entries. Returns whether the service knew of all in time.
async fn print_followed_run(clients: usize, each: usize) -> bool {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("is writable");
    add_ada(folder.path());
    let authorization = add_client(folder.path(), "billing");
    let tokens = sign_in(folder.path(), clients * each).await;
    let server = Server::start(folder.path());
    let (mut connections, mut service) = (connect(&server, clients).await, server.connect().await);

    let mut heard = HashMap::new();
    let following = timeout(TIME, follow(&mut service, &authorization, tokens.len(), &mut heard));
    let signing_out = connections.iter_mut().zip(tokens.chunks(each)).map(async |(connection, tokens)| {
        let mut answered = Vec::new();
        for token in tokens {
            assert_eq!(connection.ask("DELETE /logout", token).await, 200);
            answered.push((session_of(token), Instant::now()));
        }
        answered
    });
    let (answered, followed) = futures::join!(join_all(signing_out), following);
    server.stop();

    // The service may know before the client has its answer.
    let answered = answered.concat();
    let times = answered.iter().filter_map(|(sid, at)| Some(heard.get(sid)?.saturating_duration_since(*at)));
    let mut times: Vec<_> = times.collect();
    times.sort();
    assert!(!times.is_empty(), "the follower heard of nothing");
    let [p50, p99, longest] = quantiles(&times);
    let in_time = followed.is_ok() && longest <= BOUND;
    let verdict = if in_time { "" } else { "  TOO LATE" };
    let [median, tail, most] = [p50, p99, longest].map(shown);
    println!("{clients:>8} {:>10} {median:>9} {tail:>9} {most:>9}{verdict}", times.len());
    in_time
}

/// Follows the blocklist until it has this number of sessions, and records when it knew of each.
async fn follow(connection: &mut Connection, authorization: &str, number: usize, heard: &mut HashMap<String, Instant>) {
    let mut tag = r#""nothing""#.to_owned();
    while heard.len() < number {
        let (news, newest) = connection.wait_for_news(authorization, &tag).await;
        let news: Value = serde_json::from_str(&news).expect("is JSON");
        let now = Instant::now();
        for entry in news["entries"].as_array().expect("is a list") {
            heard.entry(entry["sid"].as_str().expect("is a session").to_owned()).or_insert(now);
        }
        tag = newest;
    }
}

/// Returns the claim `sid` of an access token.
fn session_of(token: &str) -> String {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("has claims")).expect("is base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("is JSON");
    claims["sid"].as_str().expect("is a session").to_owned()
}

async fn connect(server: &Server, clients: usize) -> Vec<Connection> {
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(server.connect().await);
    }
    connections
}

/// Signs out one after the other, and returns how long each took.
async fn sign_out(connection: &mut Connection, tokens: &[String], until: Instant) -> Vec<Duration> {
    let mut times = Vec::with_capacity(tokens.len());
    for token in tokens.iter().take_while(|_| Instant::now() < until) {
        let begun = Instant::now();
        assert_eq!(connection.ask("DELETE /logout", token).await, 200);
        times.push(begun.elapsed());
    }
    times
}

/// Returns p50, p99 and longest of sorted times.
fn quantiles(times: &[Duration]) -> [Duration; 3] {
    [times.len() / 2, times.len() * 99 / 100, times.len() - 1].map(|index| times[index])
}

/// Measures the disk alone: no durable commit can be faster.
fn fsync_time(folder: &Path) -> String {
    let file = File::create(folder.join("probe")).expect("is writable");
    let mut times: Vec<_> = (0..200)
        .map(|page| {
            let begun = Instant::now();
            file.write_all_at(&[7; 4096], page * 4096).and_then(|()| file.sync_data()).expect("is written");
            begun.elapsed()
        })
        .collect();
    times.sort();
    shown(times[times.len() / 2])
}

fn per_second(number: usize, time: Duration) -> u128 {
    number as u128 * 1_000_000 / time.as_micros().max(1)
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
