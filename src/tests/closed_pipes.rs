//! Commands and the server when the program that reads their output has gone, like `handstamp user list | head`.

use std::io::{self, PipeWriter, Write as _};
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::commands::run_with;
use crate::harness::{PASSWORD, send_to};
use crate::process::{Serving, add_ada, handstamp, text};

/// A pipe that nothing reads.
fn closed_pipe() -> PipeWriter {
    io::pipe().unwrap().1
}

/// Runs a command whose standard output is closed.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut child = handstamp(folder, arguments, &[]).stdout(closed_pipe()).spawn().unwrap();
    // A command that does not read it may have ended.
    let _ = child.stdin.take().unwrap().write_all(PASSWORD.as_bytes());
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn every_command_ends_silently_when_its_reader_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    add_ada(folder).await;
    let serving = Serving::start(folder);
    serving.login().await;
    let kept = |arguments: &[&str]| text(&run_with(folder, arguments, &[], "").stdout);
    let keys: Value = serde_json::from_str(&kept(&["key", "list", "--json"])).unwrap();
    let active = keys.as_array().unwrap().iter().find(|key| key["state"] == "active").unwrap();
    let key = active["id"].as_str().unwrap();
    let session = kept(&["session", "list", "ada"]).split_whitespace().next().unwrap().to_owned();

    for (arguments, note) in [
        (&["session", "list", "ada"][..], ""),
        (&["session", "list", "ada", "--json"], ""),
        (&["session", "end", &session], ""),
        (&["session", "end", "--user", "ada"], ""),
        (&["user", "list"], ""),
        (&["user", "list", "--json"], ""),
        (&["user", "add", "grace", "--password-stdin"], ""),
        (&["user", "promote", "grace"], ""),
        (&["user", "passwd", "ada", "--password-stdin"], ""),
        (&["user", "disable", "ada"], ""),
        (&["user", "enable", "ada"], ""),
        (&["user", "promote", "ada"], ""),
        (&["user", "demote", "ada"], ""),
        (&["user", "invite"], "This link creates one account."),
        (&["user", "events"], ""),
        (&["user", "events", "ada", "--json"], ""),
        (&["key", "list"], ""),
        (&["key", "list", "--json"], ""),
        (&["key", "rotate", "--now"], ""),
        (&["key", "retire", key, "--now"], "It is JWT_SECRET itself"),
        (&["client", "add", "billing"], "Added billing."),
        (&["client", "list"], ""),
        (&["client", "list", "--json"], ""),
        (&["client", "remove", "billing"], ""),
        (&["token", "inspect"], ""),
        (&["token", "inspect", "--json"], ""),
        (&["doctor"], ""),
        (&["doctor", "--json"], ""),
        (&["openapi"], ""),
        (&["user", "remove", "ada"], ""),
    ] {
        let output = run(folder, arguments);
        let said = text(&output.stderr);
        // As if the signal SIGPIPE had ended it.
        assert_eq!(output.status.code(), Some(141), "{arguments:?}: {said}");
        assert!(said.starts_with(note) && (said.is_empty() == note.is_empty()), "{arguments:?}: {said}");
    }
    // The commands did their work before they printed.
    let users = kept(&["user", "list"]);
    assert!(users.starts_with("grace ") && users.lines().count() == 1, "{users}");
}

#[tokio::test]
async fn a_command_that_fails_needs_no_reader_for_its_message() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = handstamp(folder.path(), &["user", "remove", "ada"], &[]);
    let status = command.stderr(closed_pipe()).output().unwrap().status;
    assert_eq!(status.code(), Some(1));
}

#[tokio::test]
async fn output_that_cannot_be_written_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = handstamp(folder.path(), &["openapi"], &[]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "handstamp: No space left on device (os error 28)\n");
}

#[tokio::test]
async fn a_server_goes_on_serving_when_the_reader_of_its_log_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    add_ada(folder.path()).await;
    let mut command = handstamp(folder.path(), &[], &[("RUST_LOG", "trace")]);
    command.stderr(closed_pipe());
    let serving = Serving::spawn(command).unwrap();

    for _ in 0..3 {
        let answer = send_to(&serving.origin, "GET", "/protected", &[], None).await;
        assert_eq!(answer.error(), "401 missing_token Missing Authorization Header");
    }
    assert!(serving.stop().0.success());
}
