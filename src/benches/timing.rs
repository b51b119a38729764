//! Checks that the time of an answer does not show who has an account. Run it with `make bench-timing`.
//!
//! Uses real sockets and the real binary. Requests of kinds that must look the same are sent in turn, in a new random
//! order each round, each from a new address (through a proxy header), so that the limits on guessing do not slow them.
//! It measures first while no other client signs in, then while others keep the hashing busy. Exits with 1 if medians
//! differ too much.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use futures::future::{Either, join_all, select};

use crate::server::{Connection, Server, add_ada, add_user};

mod server;

/// Samples of each kind.
const ROUNDS: usize = 400;
/// While others sign in, a sample waits for no, one or two hashes. With fewer samples, medians differ by chance.
const FLOODED_ROUNDS: usize = 1200;
/// The largest allowed difference of two medians.
const BOUND: Duration = Duration::from_millis(2);
/// Connections that keep the hashing busy: fewer than the queue is long, so that every sample is hashed.
const FLOOD: u8 = 4;
/// Accounts of each kind: unknown clients may try each seventy times an hour.
const ACCOUNTS: u8 = 32;
const LONG: usize = 1025;

/// A kind of request, and the expected status.
struct Kind {
    name: &'static str,
    /// The prefix of the accounts' names, before a number.
    account: &'static str,
    password: String,
    status: u16,
    /// The address. `None`: a new one each time.
    from: Option<&'static str>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("is writable");
    add_ada(folder.path());
    for number in 0..ACCOUNTS {
        add_user(folder.path(), number, &format!("known{number}"), "a password of somebody", false).await;
        add_user(folder.path(), 100 + number, &format!("disabled{number}"), "a password of somebody", true).await;
    }
    let cores = std::thread::available_parallelism().expect("is known");
    println!(
        "{ROUNDS} samples a kind, {FLOODED_ROUNDS} in a flood, in turn; client and server share {cores} cores. Load: {}",
        load()
    );

    let mut passed = true;
    for flooded in [false, true] {
        // Each part starts a server, so that it does not inherit hours of attempts.
        let server = Server::start_with(folder.path(), &[("TRUSTED_PROXIES", "127.0.0.1")]);
        println!("\n{}", if flooded { "While others keep the hashing busy" } else { "While no other client signs in" });
        let measured = measure_all(&server, if flooded { FLOODED_ROUNDS } else { ROUNDS });
        passed &= if flooded {
            match select(Box::pin(measured), Box::pin(flood(&server))).await {
                Either::Left((passed, _)) => passed,
                Either::Right(_) => unreachable!("the flood has no end"),
            }
        } else {
            measured.await
        };
        server.stop();
        forget_tries(folder.path()).await;
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure_all(server: &Server, rounds: usize) -> bool {
    let hashed =
        |name, account, password: &str| Kind { name, account, password: password.into(), status: 401, from: None };
    let mut passed = true;
    passed &= measure(
        server,
        rounds,
        &[
            hashed("unknown user", "unknown", "a wrong password"),
            hashed("wrong password", "known", "a wrong password"),
            hashed("disabled user", "disabled", "a password of somebody"),
        ],
    )
    .await;
    let long = |name, account| Kind { name, account, password: "x".repeat(LONG), status: 400, from: None };
    passed &= measure(server, rounds, &[long("overlong, unknown", "unknown"), long("overlong, known", "known")]).await;

    // Until both must wait longer than the measurement takes.
    let (unknown, known) = ("192.0.2.1", "192.0.2.2");
    let mut connection = server.connect().await;
    let (mut tries, begun) = ([0, 0], Instant::now());
    // In parallel: the wait of one must not be over when the other begins to wait.
    while tries.iter().any(|tries| *tries < 8) {
        for (tries, (account, from)) in tries.iter_mut().zip([("unknown0", unknown), ("known0", known)]) {
            if *tries < 8 {
                *tries += u32::from(connection.try_login(account, "a wrong password", Some(from)).await == 401);
            }
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{tries:?} tries");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let slowed = |name, account, from| Kind { name, account, password: "x".into(), status: 429, from: Some(from) };
    passed
        & measure(
            server,
            rounds,
            &[slowed("slowed, unknown", "unknown", unknown), slowed("slowed, known", "known", known)],
        )
        .await
}

/// Measures kinds that must look the same, and prints each with its difference from the first.
async fn measure(server: &Server, rounds: usize, kinds: &[Kind]) -> bool {
    let mut connection = server.connect().await;
    let mut samples = vec![Vec::with_capacity(rounds); kinds.len()];
    let (mut random, mut address) = (Random(0x5EED), 0_u32);
    for round in 0..rounds {
        let mut order: Vec<_> = (0..kinds.len()).collect();
        random.shuffle(&mut order);
        for index in order {
            let kind = &kinds[index];
            address += 1;
            let elsewhere = format!("10.{}.{}.{}", kind.status % 256, address / 250, address % 250);
            let number = if kind.from.is_some() { 0 } else { round % usize::from(ACCOUNTS) };
            let account = format!("{}{number}", kind.account);
            let begun = Instant::now();
            let status = connection.try_login(&account, &kind.password, Some(kind.from.unwrap_or(&elsewhere))).await;
            samples[index].push(begun.elapsed());
            assert_eq!(status, kind.status, "{}", kind.name);
        }
    }
    for times in &mut samples {
        times.sort();
    }
    let mut passed = true;
    for (index, kind) in kinds.iter().enumerate() {
        print!("  {:<18} median {:>9}", kind.name, shown(median(&samples[index])));
        for (other, its) in samples.iter().enumerate().take(index) {
            let difference = median(&samples[index]).abs_diff(median(its));
            let verdict = if difference > BOUND { "  TOO MUCH" } else { "" };
            passed &= difference <= BOUND;
            print!(
                "   {:>8} from {} (p {:.2}){verdict}",
                shown(difference),
                kinds[other].name,
                p(&samples[index], its)
            );
        }
        println!();
    }
    passed
}

/// Other clients, which guess unknown names as fast as answers come, always from new addresses.
async fn flood(server: &Server) {
    join_all((0..FLOOD).map(async |number| {
        let mut connection: Connection = server.connect().await;
        for turn in 0_u32.. {
            let from = format!("2001:db8:{number:x}:{turn:x}::1");
            let name = format!("somebody{number}-{turn}");
            assert_eq!(connection.try_login(&name, "a wrong password", Some(&from)).await, 401);
        }
    }))
    .await;
}

/// A restart would load them.
async fn forget_tries(folder: &std::path::Path) {
    sqlx::query("DELETE FROM throttle").execute(&mut server::open(folder).await).await.expect("deletes");
}

fn median(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() / 2]
}

/// Mann-Whitney test: the probability that two samples of one distribution differ as much as these, with the normal
/// approximation.
#[expect(clippy::cast_precision_loss, reason = "hundreds")]
fn p(one: &[Duration], other: &[Duration]) -> f64 {
    let (n, m) = (one.len() as f64, other.len() as f64);
    // Counts the pairs in which the first is larger; equal ones count half. With nanoseconds, few are equal.
    let wins: f64 = one
        .iter()
        .map(|time| {
            let below = other.partition_point(|its| its < time);
            let equal = other.partition_point(|its| its <= time) - below;
            below as f64 + equal as f64 / 2.0
        })
        .sum();
    let z = (wins - n * m / 2.0).abs() / (n * m * (n + m + 1.0) / 12.0).sqrt();
    // Twice the tail of the normal distribution (Abramowitz and Stegun, 26.2.17).
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let polynomial =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    2.0 * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * polynomial
}

/// Pseudo-random numbers, the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn shuffle(&mut self, items: &mut [usize]) {
        for last in (1..items.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            let chosen = usize::try_from(self.0 % (last as u64 + 1)).expect("is small");
            items.swap(last, chosen);
        }
    }
}

fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").expect("is there").split(' ').take(1).collect()
}

fn shown(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
