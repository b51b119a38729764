//! Clocks that jump: revoked tokens stay rejected, expired tokens stay expired, and the server works.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use handstamp::server::flows;

use crate::harness::TestApp;
use crate::process::{Serving, add_ada, handstamp};

/// The largest step that the margin of the blocklist covers.
const STEP: i64 = 262;

#[tokio::test]
async fn a_clock_that_swings_during_a_purge_makes_no_revoked_token_valid() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let mut ended = Vec::new();
    for step in [STEP, -STEP, -STEP, 2 * STEP, -2 * STEP, STEP, STEP, -STEP] {
        let token = app.login("ada").await;
        assert_eq!(app.protected(&token).await.status, 200);
        assert_eq!(app.logout(&token).await.status, 200);
        ended.push(token);
        app.clock.fetch_add(step, Ordering::SeqCst);
        flows::purge_expired(&app.state).await.unwrap();
        for token in &ended {
            assert_eq!(app.protected(token).await.status, 401);
        }
    }
}

#[tokio::test]
async fn a_purge_with_a_clock_far_ahead_makes_no_revoked_token_valid_after_its_correction() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    assert_eq!(app.logout(&token).await.status, 200);

    for ahead in
        [Duration::from_hours(2), Duration::from_hours(24 * 365 * 12)].map(|ahead| ahead.as_secs().cast_signed())
    {
        app.clock.fetch_add(ahead, Ordering::SeqCst);
        flows::purge_expired(&app.state).await.unwrap();
        app.clock.fetch_sub(ahead, Ordering::SeqCst);
        assert_eq!(app.protected(&token).await.status, 401, "purged {ahead} seconds ahead of time");
    }
    let app = app.restart().await;
    assert_eq!(app.protected(&token).await.status, 401);
}

#[tokio::test]
async fn a_clock_that_was_ahead_for_hours_makes_no_revoked_token_valid_when_the_same_times_come_again() {
    let app = TestApp::start().await;
    let ended = app.somebody("ada").await;
    let living = app.tokens("ada").await;
    assert_eq!(app.logout(&ended).await.status, 200);
    // The clock was steady for long enough to be trusted.
    let ahead = Duration::from_mins(100);
    app.pass(ahead);
    flows::purge_expired(&app.state).await.unwrap();
    assert!(app.state.blocklist.is_empty());

    // Corrected, to the time at which both tokens were issued.
    app.clock.fetch_sub(ahead.as_secs().cast_signed(), Ordering::SeqCst);

    let expired = "401 token_expired Token has expired";
    assert_eq!(app.protected(&ended).await.error(), expired);
    let app = app.restart().await;
    assert_eq!(app.protected(&ended).await.error(), expired);
    // No token of that time is accepted. A client that was not signed out refreshes, and its new token is.
    assert_eq!(app.protected(&living.access).await.error(), expired);
    let renewed = app.refresh(&living.refresh).await.tokens();
    assert_eq!(app.protected(&renewed.access).await.status, 200);
    assert_eq!(app.protected(&app.login("ada").await).await.status, 200);
}

#[tokio::test]
async fn an_expired_token_stays_expired_however_far_the_clock_steps_forward() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    for forward in [Duration::from_hours(1), Duration::from_hours(24), Duration::from_hours(24 * 365 * 80)] {
        app.pass(forward);
        assert_eq!(app.protected(&token).await.error(), "401 token_expired Token has expired");
    }
}

#[tokio::test]
async fn with_a_clock_that_is_wrong_by_seconds_or_years_the_server_works_and_rejects_revoked_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    add_ada(folder).await;
    let clock = Clock::of(folder);
    let serving = clock.start();
    let (ended, living) = (serving.login().await, serving.login().await);
    assert_eq!(serving.logout(&ended).await.status, 200);

    let mut all_ended = vec![ended];
    for time in [
        "+262",
        "-262",
        "+262",
        "@1970-01-01 00:00:10",
        "@1969-12-31 00:00:00",
        "@2038-01-19 03:14:05",
        "@2106-02-07 06:28:14",
        "+0",
    ] {
        clock.set(time);
        for session in &all_ended {
            serving.expect_ended(session).await;
        }
        let session = serving.login().await;
        assert!(serving.lets_in(&session).await, "a token of {time} at {time}");
        assert_eq!(serving.logout(&session).await.status, 200);
        serving.expect_ended(&session).await;
        all_ended.push(session);
    }
    assert!(serving.lets_in(&living).await);
    let log = serving.kill();
    assert!(!log.contains("panicked"), "{log}");

    // A restart purges at once: here with the clock ahead, and corrected afterwards.
    clock.set("+262");
    let serving = clock.start();
    clock.set("+0");
    for session in &all_ended {
        serving.expect_ended(session).await;
    }
    assert!(serving.lets_in(&living).await);
}

/// Gives the server its own clock, with libfaketime. The monotonic clock does not change, as on a real machine.
struct Clock {
    folder: PathBuf,
    library: PathBuf,
}

impl Clock {
    fn of(folder: &Path) -> Self {
        let machines = fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
        let library = machines.map(|machine| machine.join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
        let library = library.expect("libfaketime is missing; run: scripts/setup test");
        let clock = Self { folder: folder.to_owned(), library };
        clock.set("+0");
        clock
    }

    /// Seconds from the true time, or the time at which it begins.
    fn set(&self, time: &str) {
        let draft = self.folder.join("clock.new");
        fs::write(&draft, format!("{time}\n")).unwrap();
        fs::rename(draft, self.folder.join("clock")).unwrap();
    }

    fn start(&self) -> Serving {
        let mut command = handstamp(&self.folder, &[], &[]);
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", self.folder.join("clock"))
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
        Serving::spawn(command).unwrap()
    }
}
