//! The log is written beside the work: nothing waits for its reader, and nothing that was logged is lost when a process ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout};
use std::thread::JoinHandle;

use crate::harness::send_to;
use crate::process::{Serving, handstamp, signal};

/// Requests after which a log that nobody reads must have lost a line. Each logs some thousand bytes.
const ENOUGH: usize = 20_000;

/// A server whose log is read only when a spec wants it.
struct Unread {
    child: Child,
    /// Kept open: the server prints more than its address.
    _stdout: BufReader<ChildStdout>,
    origin: String,
}

impl Unread {
    fn start(folder: &Path) -> Self {
        let mut command = handstamp(folder, &[], &[("RUST_LOG", "trace")]);
        let mut child = command.spawn().unwrap();
        let (mut first, mut stdout) = (String::new(), BufReader::new(child.stdout.take().unwrap()));
        stdout.read_line(&mut first).unwrap();
        let origin = first.trim().strip_prefix("Handstamp listens on ").unwrap().to_owned();
        Self { child, _stdout: stdout, origin }
    }

    /// Sends requests until a line was dropped.
    async fn fill(&self) {
        for _ in 0..ENOUGH {
            let answer = send_to(&self.origin, "GET", "/protected", &[], None).await;
            assert_eq!(answer.status, 401, "{answer:?}");
            if self.dropped().await > 0 {
                return;
            }
        }
        panic!("no line was dropped");
    }

    async fn dropped(&self) -> u64 {
        let metrics = send_to(&self.origin, "GET", "/metrics", &[], None).await.body;
        let line = metrics.lines().find_map(|line| line.strip_prefix("handstamp_log_dropped_total "));
        line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
    }

    fn read_log(&mut self) -> JoinHandle<String> {
        let mut stderr = self.child.stderr.take().unwrap();
        std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        })
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        // It has already ended if the spec stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_up_no_request_and_what_it_loses_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Unread::start(folder.path());
    assert_eq!(server.dropped().await, 0);
    server.fill().await;

    let log = server.read_log();
    signal("-TERM", server.child.id());
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    let log = log.join().unwrap();
    assert!(log.lines().all(|line| line.starts_with("20")), "only whole lines");
    assert!(log.ends_with('\n') && log.contains("Listening"));
}

#[tokio::test]
async fn a_log_that_nobody_reads_does_not_hold_up_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Unread::start(folder.path());
    server.fill().await;
    signal("-TERM", server.child.id());
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn every_line_of_a_burst_before_the_end_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start_with(folder.path(), &[("RUST_LOG", "info")]);
    for number in 0..200 {
        let path = format!("/nothing-{number}");
        let answer = send_to(&serving.origin, "GET", &path, &[("accept", "application/json")], None).await;
        assert_eq!(answer.status, 404);
    }
    let (status, log) = serving.stop();
    assert!(status.success());
    for number in 0..200 {
        assert_eq!(log.matches(&format!("path=/nothing-{number} ")).count(), 1, "{number}: {log}");
    }
    let last = log.lines().rfind(|line| line.contains(" INFO "));
    assert!(last.is_some_and(|last| last.ends_with("Stopped")), "{log}");
}

#[test]
fn what_was_logged_before_a_start_failed_comes_before_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = [crate::harness::SECRET, "another secret that is long enough for each of them, really"];
    let start = |secret: &str| {
        let settings = [("JWT_ALGORITHM", "EdDSA"), ("JWT_SECRET", secret), ("RUST_LOG", "trace")];
        Serving::spawn(handstamp(folder.path(), &[], &settings))
    };
    assert!(start(secrets[0]).unwrap().stop().0.success());
    let Err(refused) = start(secrets[1]) else { panic!("it listens") };
    let lines: Vec<_> = refused.log.lines().collect();
    let at = |found: fn(&&str) -> bool| lines.iter().position(found).expect(&refused.log);
    let reason = at(|line| line.starts_with("handstamp: JWT_SECRET is not the one"));
    // What the start read last. Threads of the store may say something after it.
    let cause = at(|line| line.contains("SELECT counters.value, id, algorithm"));
    assert!(cause < reason, "{}", refused.log);
    assert!(lines.iter().enumerate().all(|(at, line)| at == reason || line.starts_with("20")), "{}", refused.log);
}
