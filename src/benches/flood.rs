//! Measures how much a flood of sign-ins, idle and slow clients slows the requests of signed-in users. Run it with
//! `make bench-flood`.
//!
//! Uses real sockets and the real binary. Requests to `/protected` are sent at a fixed rate, and each time counts from
//! when the request was due: a slow server does not get fewer requests. The flood is a process of its own with a lower
//! priority (`nice`), because a real attacker's machine would not take time from server and measurement.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant as TokioInstant, sleep, sleep_until, timeout};

use crate::server::{Connection, Server, add_ada, add_user, sign_in};

mod server;

/// Requests a second, and the number of connections.
const RATE: u64 = 1000;
const ASKING: u64 = 50;
const CALM: Duration = Duration::from_secs(5);
const STORM: Duration = Duration::from_secs(15);
const FLOOD: usize = 500;
const IDLE: usize = 10_000;
const SLOW: usize = 100;

/// Goals: security.md, figures 6, 7 and 11.
const P99: Duration = Duration::from_millis(10);
const HASH_KIB: u64 = 19 * 1024;
const MORE_KIB: u64 = 20_000_000 / 1024;
const REFUSED_WITHIN: &str = "0.025";
const IDLE_KIB: u64 = 20;
const SLOW_HEADER: Duration = Duration::from_secs(11);
const SLOW_READER: Duration = Duration::from_secs(45);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().collect();
    if let [_, word, address, kind] = words.as_slice()
        && word == "flood"
    {
        flood(address, kind).await;
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("is writable");
    add_ada(folder.path());
    add_user(folder.path(), 1, "victim", "a password of somebody", false).await;
    let cores = std::thread::available_parallelism().expect("is known");
    println!("Client and server share {cores} cores. Load: {}\n", load());

    let mut passed = true;
    for kind in ["one address", "a new address and name each time"] {
        passed &= storm(folder.path(), kind, u64::try_from(cores.get()).expect("is small")).await;
    }
    passed &= idle(folder.path()).await;
    passed &= slow(folder.path()).await;
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures while nothing else happens, then during the flood.
async fn storm(folder: &Path, kind: &str, hashes: u64) -> bool {
    let token = sign_in(folder, 1).await.remove(0);
    let server = start(folder);
    let calm = ask_steadily(&server, &token, CALM).await;
    let base = server.memory("VmRSS");

    let mut flood = start_flood(&server, kind);
    let stormy = ask_steadily(&server, &token, STORM).await;
    let peak = server.memory("VmHWM");
    println!("{FLOOD} connections guess passwords, {kind}:");
    let (fine, good) = (print_times("/protected, calm", calm), print_times("/protected, flooded", stormy));
    // This prints its own results.
    assert!(flood.wait().expect("ends").success());
    let quick = print_refusals(&server).await;
    let bound = base + hashes * HASH_KIB + MORE_KIB;
    println!("  memory: {base} KiB before, {peak} KiB at most; the bound is {bound} KiB{}\n", verdict(peak <= bound));
    server.stop();
    fine && good && quick && peak <= bound
}

/// How soon the server had an answer for requests whose password it did not check. Measured by the server's clock: on
/// the flood's clock, clients also wait for a free core.
async fn print_refusals(server: &Server) -> bool {
    let metrics = server.connect().await.metrics().await;
    let value = |series: String| {
        let value = metrics.lines().find_map(|line| line.strip_prefix(&series));
        value.map_or(0, |value| value.trim().parse::<u64>().expect("is a number"))
    };
    let refused: u64 = [429, 503]
        .map(|status| value(format!(r#"handstamp_requests_total{{door="POST /login",status="{status}"}}"#)))
        .iter()
        .sum();
    // Checking a password takes longer: an answer this fast is a refusal.
    let soon =
        value(format!(r#"handstamp_request_duration_seconds_bucket{{door="POST /login",le="{REFUSED_WITHIN}"}}"#));
    let good = refused > 0 && soon * 100 >= refused * 99;
    println!("  of {refused} refusals the server had {soon} ready within {REFUSED_WITHIN} s{}", verdict(good));
    good
}

/// Sends requests at the rate. Returns how long each answer took from when its request was due.
async fn ask_steadily(server: &Server, token: &str, time: Duration) -> Vec<Duration> {
    let mut connections = Vec::new();
    for _ in 0..ASKING {
        connections.push(server.connect().await);
    }
    let begun = TokioInstant::now() + Duration::from_millis(50);
    let asking = connections.into_iter().zip(0..ASKING).map(async |(mut connection, first)| {
        let mut times = Vec::new();
        for number in (first..).step_by(usize::try_from(ASKING).expect("is small")) {
            let due = begun + Duration::from_micros(number * 1_000_000 / RATE);
            if due > begun + time {
                break;
            }
            sleep_until(due).await;
            assert_eq!(connection.ask("GET /protected", token).await, 200);
            times.push(due.elapsed());
        }
        times
    });
    join_all(asking).await.concat()
}

fn print_times(what: &str, mut times: Vec<Duration>) -> bool {
    times.sort();
    let [p50, p99, longest] = [times.len() / 2, times.len() * 99 / 100, times.len() - 1].map(|index| times[index]);
    let [median, tail, most] = [p50, p99, longest].map(shown);
    println!(
        "  {what:<20} {:>6} answers, p50 {median}, p99 {tail}, longest {most}{}",
        times.len(),
        verdict(p99 <= P99)
    );
    p99 <= P99
}

fn start_flood(server: &Server, kind: &str) -> Child {
    let own = std::env::current_exe().expect("is a file");
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(own).args(["flood", &server.address, kind]).stdin(Stdio::null());
    command.spawn().expect("starts")
}

/// Guesses on all connections as fast as answers come, a little longer than the measurement.
async fn flood(address: &str, kind: &str) {
    let until = Instant::now() + STORM + Duration::from_secs(1);
    let guessing = (0..FLOOD).map(async |number| {
        let mut connection = Connection::to(address).await;
        let mut answers = Vec::new();
        for turn in 0_u32.. {
            if Instant::now() > until {
                break;
            }
            let begun = Instant::now();
            let status = if kind == "one address" {
                connection.try_login("victim", "wrong", None).await
            } else {
                let from = format!("2001:db8:{number:x}:{turn:x}::1");
                connection.try_login(&format!("somebody{number}-{turn}"), "wrong", Some(&from)).await
            };
            answers.push((status, begun.elapsed()));
        }
        answers
    });
    let mut answers = join_all(guessing).await.concat();
    answers.sort();
    for status in [401, 429, 503] {
        let times: Vec<_> = answers.iter().filter(|(its, _)| *its == status).map(|(_, time)| *time).collect();
        if !times.is_empty() {
            let [p50, p99] = [times.len() / 2, times.len() * 99 / 100].map(|index| shown(times[index]));
            println!("  {:>8} guesses were answered {status}: p50 {p50}, p99 {p99}", times.len());
        }
    }
}

/// Connections that got one answer and then send nothing.
async fn idle(folder: &Path) -> bool {
    let server = start(folder);
    server.connect().await.ask("GET /healthz", "").await;
    let base = server.memory("VmRSS");
    let mut connections = Vec::with_capacity(IDLE);
    let begun = Instant::now();
    while connections.len() < IDLE {
        // Several addresses, because one has too few ports.
        let last = u8::try_from(connections.len() / 2500).expect("is small");
        let mut connection = server.connect_from([127, 0, 2, last]).await;
        assert_eq!(connection.ask("GET /healthz", "").await, 200);
        connections.push(connection);
    }
    let each = (server.memory("VmRSS") - base) / IDLE as u64;
    let good = each <= IDLE_KIB;
    println!("{IDLE} idle connections, made in {}: {each} KiB each{}", shown(begun.elapsed()), verdict(good));
    drop(connections);
    server.stop();
    good
}

/// Clients that send one byte a second, and clients that send requests and do not read.
async fn slow(folder: &Path) -> bool {
    let server = start(folder);
    let address = server.address.as_str();
    let headers = join_all((0..SLOW).map(async |_| {
        let mut stream = TcpStream::connect(address).await.expect("is let in");
        let begun = Instant::now();
        for byte in "GET / HTTP/1.1\r\nhost: slow.example\r\n".bytes() {
            let mut buffer = [0; 512];
            // An answer, an end or a reset: the client is done.
            if stream.write_all(&[byte]).await.is_err()
                || timeout(Duration::from_secs(1), stream.read(&mut buffer)).await.is_ok()
            {
                break;
            }
        }
        begun.elapsed()
    }));
    let readers = join_all((0..SLOW).map(async |_| {
        // A small window, so that the server's buffers fill up soon.
        let socket = TcpSocket::new_v4().expect("is a socket");
        socket.set_recv_buffer_size(4096).expect("is a socket");
        let stream = socket.connect(address.parse().expect("is an address")).await.expect("is let in");
        let begun = Instant::now();
        let (mut reading, mut writing) = stream.into_split();
        let request = b"GET /openapi.json HTTP/1.1\r\nhost: slow.example\r\n\r\n".repeat(100);
        // Asks for more than any buffer can hold, and reads one byte a second.
        let asking = tokio::spawn(async move { while writing.write_all(&request).await.is_ok() {} });
        while begun.elapsed() < SLOW_READER * 2 && !asking.is_finished() {
            let _ = reading.read(&mut [0; 1]).await;
            sleep(Duration::from_secs(1)).await;
        }
        asking.abort();
        begun.elapsed()
    }));
    let (headers, readers) = futures::join!(headers, readers);
    let mut good = true;
    for (what, times, bound) in [("header", headers, SLOW_HEADER), ("reading", readers, SLOW_READER)] {
        let longest = times.iter().max().copied().unwrap_or_default();
        good &= longest <= bound;
        println!(
            "{SLOW} clients slow in {what} (1 B/s): let go within {}{}",
            shown(longest),
            verdict(longest <= bound)
        );
    }
    server.stop();
    good
}

fn start(folder: &Path) -> Server {
    Server::start_with(folder, &[("TRUSTED_PROXIES", &Ipv4Addr::LOCALHOST.to_string())])
}

fn verdict(good: bool) -> &'static str {
    if good { "" } else { "  TOO MUCH" }
}

fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").expect("is there").split(' ').take(1).collect()
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
