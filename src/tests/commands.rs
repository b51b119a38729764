//! The real binary: its commands, its first words, its last ones.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::harness::PASSWORD;

/// The binary, in a folder of its own, with no setting of this machine.
fn handstamp(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handstamp"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("LEPTOS_SITE_ADDR", "127.0.0.1:0")
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = handstamp(folder, arguments, &[]).spawn().unwrap();
    // Whoever fails before it reads closes the pipe; what it says matters then, and not what it was told.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A server that runs until it is dropped.
struct Serving {
    child: Ended,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    /// Reads along: a server whose log nobody reads waits for ever once the pipe is full.
    log: std::thread::JoinHandle<String>,
    origin: String,
}

impl Serving {
    fn start(folder: &Path) -> Self {
        let mut child = handstamp(folder, &[], &[("RUST_LOG", "trace")]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let first = lines.next().unwrap().unwrap();
        let origin = first.strip_prefix("Handstamp listens on ").unwrap().to_owned();
        Self { child: Ended(child), lines, log, origin }
    }

    /// SIGTERM, then whatever it logged.
    fn stop(mut self) -> (ExitStatus, String) {
        let pid = self.child.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.child.0.wait().unwrap();
        (status, self.log.join().unwrap())
    }
}

/// A process that does not outlive its spec.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Gone already where the spec stopped it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn help_names_the_commands_and_every_setting() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(folder.path(), &["--help"], "");
    assert!(help.status.success());
    let help = text(&help.stdout);
    for setting in &handstamp::server::config::SETTINGS {
        assert!(help.contains(setting.name), "{}", setting.name);
    }
    assert!(help.contains("Example: "), "{help}");
    insta::assert_snapshot!(text(&run(folder.path(), &["user", "--help"], "").stdout), @r#"
    Add, list and remove users, set their passwords

    Usage: handstamp user <COMMAND>

    Commands:
      add     Add a user
      list    List all users
      passwd  Set a user's password and end all sessions of that user
      remove  Remove a user and end all sessions of that user
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help

    Example: printf '%s' "$PASSWORD" | handstamp user add ada --password-stdin
    "#);
}

#[test]
fn users_are_added_listed_changed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str], input: &str| {
        let output = run(folder.path(), arguments, input);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let refused = |arguments: &[&str], input: &str| {
        let output = run(folder.path(), arguments, input);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        text(&output.stderr)
    };

    assert_eq!(said(&["user", "add", "Ada", "--admin", "--password-stdin"], &format!("{PASSWORD}\n")), "Added ada\n");
    assert_eq!(said(&["user", "add", "bob", "--password-stdin"], PASSWORD), "Added bob\n");
    assert_eq!(refused(&["user", "add", "ADA", "--password-stdin"], PASSWORD), "handstamp: the name is taken\n");
    let short = refused(&["user", "add", "eve", "--password-stdin"], "short\n");
    assert_eq!(short, "handstamp: the password is too short\n");

    let list: serde_json::Value = serde_json::from_str(&said(&["user", "list", "--json"], "")).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!((&list[0]["username"], &list[0]["roles"][0]), (&"ada".into(), &"admin".into()));
    assert!(said(&["user", "list"], "").starts_with("ada                      admin    20"));

    said(&["user", "passwd", "bob", "--password-stdin"], "another long password");
    said(&["user", "remove", "bob"], "");
    assert_eq!(refused(&["user", "remove", "bob"], ""), "handstamp: there is no such user\n");
    assert_eq!(said(&["user", "list", "--json"], "").matches("username").count(), 1);
}

#[test]
fn a_bad_setting_or_secret_stops_the_start_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("JWT_SECRET", "secret"),
        ("JWT_SECRET", "your-256-bit-secret"),
        ("JWT_SECRET", "A-string-secret-at-least-256-bits-long"),
        ("JWT_SECRET", "-----BEGIN PUBLIC KEY-----"),
        ("JWT_LEEWAY", "1h"),
        ("RUST_LOG", "=,="),
        ("DATABASE_URL", "sqlite:/proc/nowhere/handstamp.db"),
        ("LEPTOS_SITE_ADDR", "203.0.113.1:1"),
    ] {
        let output = handstamp(folder.path(), &[], &[(name, value)]).output().unwrap();
        let said = text(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        assert_eq!(output.status.code(), Some(1), "{name}={value}: {said}");
        assert!(output.stdout.is_empty(), "{name}={value} listened");
        assert!(last.starts_with("handstamp: ") && last.contains("; "), "{name}={value}: {said}");
        let secret_shown = name == "JWT_SECRET" && value.len() > 10 && said.contains(value);
        assert!(!secret_shown, "{said}");
    }
}

#[test]
fn a_secret_is_generated_once_and_kept_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("data/jwt_secret");
    run(folder.path(), &["user", "list"], "");
    let first = fs::read_to_string(&kept).unwrap();
    for private in [&kept, &folder.path().join("data/handstamp.db")] {
        assert_eq!(fs::metadata(private).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(first.starts_with("base64:") && first.len() > 80, "64 random bytes");
    assert_eq!(fs::metadata(folder.path().join("data")).unwrap().permissions().mode() & 0o777, 0o700);

    run(folder.path(), &["user", "list"], "");
    assert_eq!(fs::read_to_string(&kept).unwrap(), first);

    fs::set_permissions(&kept, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = run(folder.path(), &["user", "list"], "");
    assert_eq!(
        text(&refused.stderr),
        "handstamp: data/jwt_secret can be read by others (mode 644); run: chmod 600 data/jwt_secret\n"
    );
}

#[test]
fn settings_come_from_a_file_and_the_environment_wins() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "DATABASE_URL=sqlite:elsewhere/here.db\nPASSWORD_MIN_LENGTH=8\n").unwrap();
    assert!(run(folder.path(), &["user", "add", "ada", "--password-stdin"], "12345678").status.success());
    assert!(folder.path().join("elsewhere/here.db").exists());
    assert!(!folder.path().join("data").exists());

    let mut child =
        handstamp(folder.path(), &["user", "add", "bob", "--password-stdin"], &[("PASSWORD_MIN_LENGTH", "9")]);
    let mut child = child.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"12345678").unwrap();
    assert!(!child.wait_with_output().unwrap().status.success());
}

#[test]
fn the_first_start_prints_a_one_time_link_and_the_log_never_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path());
    let link = serving.lines.next().unwrap().unwrap();
    let code = link.split("/setup#").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!(code.len(), 22, "{link}");

    let origin = serving.origin.clone();
    let post = |path: &str, body: &str| {
        let request = ureq::post(format!("{origin}{path}")).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send(body).unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str::<serde_json::Value>(&answer).unwrap()
    };
    let first = post("/api/setup", &format!("code={code}&username=ada&password={PASSWORD}"));
    let second = post("/login", &format!("username=ada&password={PASSWORD}"));
    let tokens = [&first, &second].map(|answer| answer["access_token"].as_str().unwrap().to_owned());
    ureq::delete(format!("{origin}/logout")).header("authorization", format!("Bearer {}", tokens[1])).call().unwrap();

    let (status, log) = serving.stop();

    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("Signed in user `ada`") && log.contains("Signed out"), "{log}");
    let secret = fs::read_to_string(folder.path().join("data/jwt_secret")).unwrap();
    let signatures = tokens.iter().map(|token| token.rsplit('.').next().unwrap());
    for secret in signatures.chain([PASSWORD, &code, secret.trim(), secret.trim().trim_start_matches("base64:")]) {
        assert!(!log.contains(secret), "the log at its most talkative holds `{secret}`");
    }
}

#[test]
fn a_server_that_runs_learns_of_a_user_that_the_command_line_removes() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["user", "add", "ada", "--password-stdin"], PASSWORD);
    let serving = Serving::start(folder.path());
    let login = serde_json::json!({ "username": "ada", "password": PASSWORD }).to_string();
    let answer =
        ureq::post(format!("{}/login", serving.origin)).header("content-type", "application/json").send(&login);
    let answer: serde_json::Value =
        serde_json::from_str(&answer.unwrap().body_mut().read_to_string().unwrap()).unwrap();
    let authorization = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    let status = || {
        let request = ureq::get(format!("{}/protected", serving.origin)).header("authorization", &authorization);
        request.config().http_status_as_error(false).build().call().unwrap().status().as_u16()
    };
    assert_eq!(status(), 200);

    assert!(run(folder.path(), &["user", "remove", "ada"], "").status.success());

    // Waits for the condition; the deadline is far beyond the second that is promised, so that only a fault meets it.
    let deadline = Instant::now() + Duration::from_mins(1);
    while status() != 401 {
        assert!(Instant::now() < deadline, "the server has not learned of it");
    }
}
