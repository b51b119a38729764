//! Disks that are full and disks that fail: a sign-out is acknowledged when it is durable or not at all; the protected
//! door goes on judging; and when the disk is well again so is the server, without a restart.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{
    Serving, Tokens, add_ada, eventually, expect_intact, handstamp_under, log_file, signal, tracer_of,
};

const SESSIONS: usize = 20;
/// Signed out while the disk fails; the rest when it is well again.
const UNDER_THE_FAULT: usize = 12;

#[tokio::test]
async fn a42_a_full_disk_acknowledges_only_what_is_durable_and_is_got_over() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    add_ada(folder).await;
    let serving = Serving::start_with(folder, &[]);
    let sessions = sign_in(&serving).await;
    // That a token was used for the first time is written too, some time soon: before the sign-out that comes after it.
    for session in &sessions {
        assert!(serving.lets_in(session).await);
    }
    assert_eq!(serving.logout(&serving.login().await).await.status, 200);

    // Room for a commit or two.
    limit_file_size(&serving, &format!("{}:", fs::metadata(log_file(folder)).unwrap().len() + 80_000));
    let told = sign_out_under_the_fault(&serving, &sessions).await;
    assert!(told.contains(&200) && told.contains(&503), "{told:?}");
    limit_file_size(&serving, "unlimited:");

    recovers_and_keeps_its_word(serving, folder, &sessions, &told).await;
}

#[tokio::test]
async fn a_disk_that_fails_acknowledges_only_what_is_durable_and_is_got_over() {
    // Of the calls on the write-ahead log in each thread: which fail, and how.
    for fault in [
        "fsync,fdatasync:error=EIO:when=1+",
        "fsync,fdatasync:error=EIO:when=2+",
        "fsync,fdatasync:error=EIO:when=2+3",
        "pwrite64:error=EIO:when=3+7",
        "pwrite64:error=ENOSPC:when=1+",
        "pwrite64:error=ENOSPC:when=20+11",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        add_ada(folder).await;
        let serving = Serving::start_with(folder, &[]);
        let sessions = sign_in(&serving).await;
        assert!(serving.stop().0.success());

        let log_file = log_file(folder);
        let inject = format!("inject={fault}");
        let strace =
            ["strace", "-D", "-I2", "-f", "-qq", "-o", "/dev/null", "-P", log_file.to_str().unwrap(), "-e", &inject];
        let serving = Serving::spawn(handstamp_under(&strace, folder, &[], &[])).unwrap();
        let told = sign_out_under_the_fault(&serving, &sessions).await;
        assert!(told.contains(&503), "{fault} was not met: {told:?}");
        end_trace(&serving).await;

        recovers_and_keeps_its_word(serving, folder, &sessions, &told).await;
    }
}

async fn sign_in(serving: &Serving) -> Vec<Tokens> {
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(serving.login().await);
    }
    sessions
}

/// What the sign-outs were answered, one after the other. After each the door is asked about all.
async fn sign_out_under_the_fault(serving: &Serving, sessions: &[Tokens]) -> Vec<u16> {
    let mut told = Vec::new();
    for ending in &sessions[..UNDER_THE_FAULT] {
        let answer = serving.logout(ending).await;
        assert!([200, 503].contains(&answer.status), "{answer:?}");
        told.push(answer.status);
        for (index, session) in sessions.iter().enumerate() {
            let let_in = serving.lets_in(session).await;
            match told.get(index) {
                None => assert!(let_in, "{told:?}: nobody signed out number {index}"),
                Some(200) => assert!(!let_in, "{told:?}: number {index} was signed out"),
                // Whoever was told neither may find either.
                Some(_) => {}
            }
        }
    }
    told
}

async fn recovers_and_keeps_its_word(serving: Serving, folder: &Path, sessions: &[Tokens], told: &[u16]) {
    let (first, rest) = sessions[UNDER_THE_FAULT..].split_first().unwrap();
    eventually("the server gets over it", async || serving.logout(first).await.status == 200).await;
    let (ending, living) = rest.split_at(4);
    for session in ending {
        assert_eq!(serving.logout(session).await.status, 200);
        assert_eq!(serving.try_login().await.status, 200);
    }
    serving.kill();

    let serving = Serving::start_with(folder, &[]);
    for session in ending.iter().chain([first]) {
        serving.expect_ended(session).await;
    }
    for (session, status) in sessions.iter().zip(told) {
        match status {
            200 => serving.expect_ended(session).await,
            // What failed is not there beneath what was written later. The system forgets pages whose fsync has failed:
            // a power failure would take them, and everything after them in the write-ahead log.
            _ => assert!(serving.lets_in(session).await, "{told:?}"),
        }
    }
    for session in living {
        assert!(serving.lets_in(session).await);
    }
    expect_intact(folder).await;
}

/// The soft limit alone, which may be raised again.
fn limit_file_size(serving: &Serving, limit: &str) {
    let arguments = ["--pid", &serving.pid().to_string(), &format!("--fsize={limit}")];
    let status = Command::new("prlimit").args(arguments).status();
    assert!(status.expect("prlimit is missing; run: scripts/setup test").success());
}

async fn end_trace(serving: &Serving) {
    signal("-TERM", tracer_of(serving.pid()).unwrap());
    eventually("strace lets go", async || tracer_of(serving.pid()).is_none()).await;
}
