//! How many sign-outs a second are durable, and how long each takes: `make bench-logout`.
//!
//! Over real sockets, against the real binary, with SQLite on a real disk. Each client sends the next request when it
//! has the answer to the last, so a slow server is asked less often: the rate is what so many clients get, no more.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::server::{Connection, Server, add_ada, sign_in};

mod server;

/// Connections, and how many sign-outs each makes at most.
const RUNS: [(usize, usize); 2] = [(1, 500), (64, 200)];
/// The first of each are not counted.
const WARM_UP: usize = 20;
/// How long a run lasts at most.
const TIME: Duration = Duration::from_secs(15);

#[tokio::main(flavor = "current_thread")]
async fn main() {
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
        // A start each, so that no run inherits the write-ahead log of another.
        let server = Server::start(folder.path());
        print_run(clients, &server, now, each).await;
        server.stop();
    }
}

async fn print_run(clients: usize, server: &Server, tokens: &[String], each: usize) {
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(server.connect().await);
    }
    let (warm_up, measured): (Vec<_>, Vec<_>) = tokens.chunks(each).map(|tokens| tokens.split_at(WARM_UP)).unzip();
    let mut until = Instant::now() + TIME;
    join_all(connections.iter_mut().zip(warm_up).map(|(connection, tokens)| sign_out(connection, tokens, until))).await;

    let begun = Instant::now();
    until = begun + TIME;
    let runs = connections.iter_mut().zip(measured).map(|(connection, tokens)| sign_out(connection, tokens, until));
    let mut times = join_all(runs).await.concat();
    let rate = per_second(times.len(), begun.elapsed());
    times.sort();
    let [p50, p99, longest] =
        [times.len() / 2, times.len() * 99 / 100, times.len() - 1].map(|index| shown(times[index]));
    println!("{clients:>8} {:>10} {rate:>10} {p50:>9} {p99:>9} {longest:>9}", times.len());

    // What was measured must have happened.
    assert_eq!(connections[0].ask("GET /protected", &tokens[0]).await, 401);
}

/// Signs out one after the other, and says how long each took.
async fn sign_out(connection: &mut Connection, tokens: &[String], until: Instant) -> Vec<Duration> {
    let mut times = Vec::with_capacity(tokens.len());
    for token in tokens.iter().take_while(|_| Instant::now() < until) {
        let begun = Instant::now();
        assert_eq!(connection.ask("DELETE /logout", token).await, 200);
        times.push(begun.elapsed());
    }
    times
}

/// What the disk alone takes: no durable commit can be faster.
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
