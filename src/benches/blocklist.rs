//! Measures a blocklist with a million entries: memory, and time at the start. Run it with `make bench-blocklist`.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use handstamp::server::domain::blocklist::{Blocked, Blocklist};
use handstamp::server::domain::ids::SessionId;
use handstamp::server::world::World;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

use crate::server::{Server, add_ada, sign_in};

mod server;

const MILLION: usize = 1_000_000;
const STARTS: usize = 5;
/// Rows in one statement.
const BATCH: usize = 10_000;

/// Blocks the sessions of a JSON array.
const FILL: &str = "INSERT INTO blocklist (id, kind, keep_until, seq) \
                    SELECT value, 'session', $2, $3 + key FROM json_each($1)";
const COUNT: &str = "UPDATE counters SET value = (SELECT MAX(seq) FROM blocklist) WHERE name = 'blocklist'";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("the set of a million entries alone: {} bytes an entry\n", set_alone());

    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("is writable");
    add_ada(folder.path());
    let token = sign_in(folder.path(), 1).await.remove(0);
    let server = Server::start(folder.path());
    let mut connection = server.connect().await;
    assert_eq!(connection.ask("DELETE /logout", &token).await, 200);
    server.stop();

    println!(
        "{:>10} {:>12} {:>12} {:>12} {:>14} {:>14}",
        "entries", "first 401", "longest", "resident", "at its peak", "bytes an entry"
    );
    let empty = measure(folder.path(), &token).await;
    print_row(1, &empty, "");
    fill(folder.path()).await;
    let full = measure(folder.path(), &token).await;
    print_row(MILLION, &full, &((full.resident - empty.resident) / MILLION).to_string());
}

/// The results of several starts; for the memory, the median.
struct Measured {
    first_401: Vec<Duration>,
    resident: usize,
    peak: usize,
}

/// Measures from before the process exists to the answer that rejects a revoked token.
async fn measure(folder: &Path, token: &str) -> Measured {
    let (mut first_401, mut resident, mut peak) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let begun = Instant::now();
        let server = Server::start(folder);
        assert_eq!(server.connect().await.ask("GET /protected", token).await, 401);
        first_401.push(begun.elapsed());
        resident.push(memory(server.id(), "VmRSS:"));
        peak.push(memory(server.id(), "VmHWM:"));
    }
    first_401.sort();
    resident.sort_unstable();
    peak.sort_unstable();
    Measured { first_401, resident: resident[STARTS / 2], peak: peak[STARTS / 2] }
}

fn print_row(entries: usize, measured: &Measured, each: &str) {
    let [middle, longest] =
        [STARTS / 2, STARTS - 1].map(|index| format!("{} ms", measured.first_401[index].as_millis()));
    let [resident, peak] = [measured.resident, measured.peak].map(|bytes| format!("{} MiB", bytes >> 20));
    println!("{entries:>10} {middle:>12} {longest:>12} {resident:>12} {peak:>14} {each:>14}");
}

/// Writes a million rows in one transaction, in the order of their ids, which saves SQLite a search for each.
async fn fill(folder: &Path) {
    let world = World::system();
    let mut ids: Vec<_> = (0..MILLION).map(|_| session(&world).to_string()).collect();
    ids.sort_unstable();
    let keep_until = world.now().plus(Duration::from_hours(1));
    let mut connection = open(folder).await;
    sqlx::raw_sql("PRAGMA synchronous = OFF; BEGIN").execute(&mut connection).await.expect("begins");
    for (batch, ids) in ids.chunks(BATCH).enumerate() {
        let json = serde_json::to_string(ids).expect("is JSON");
        let first = i64::try_from(2 + batch * BATCH).expect("fits");
        let insert = sqlx::query(FILL).bind(json).bind(keep_until.0).bind(first);
        insert.execute(&mut connection).await.expect("inserts");
    }
    sqlx::query(COUNT).execute(&mut connection).await.expect("counts");
    sqlx::raw_sql("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.expect("commits");
}

/// Returns the bytes of one entry in the set itself, from the growth of this process.
fn set_alone() -> usize {
    let world = World::system();
    let blocklist = Blocklist::default();
    let before = memory(std::process::id(), "VmRSS:");
    for _ in 0..MILLION {
        blocklist.block(Blocked::Session(session(&world)), world.now());
    }
    let grown = memory(std::process::id(), "VmRSS:") - before;
    assert_eq!(blocklist.len(), MILLION);
    grown / MILLION
}

fn session(world: &World) -> SessionId {
    SessionId::from_random(world.random_bytes())
}

/// Returns a value from the status of the process, in bytes.
fn memory(process: u32, line: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("is there");
    let rest = status.lines().find_map(|found| found.strip_prefix(line)).expect("has the line");
    rest.trim().strip_suffix(" kB").expect("in kB").parse::<usize>().expect("is a number") * 1024
}

/// Opens the database directly.
async fn open(folder: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.join("data/handstamp.db")).connect().await.expect("opens")
}
