//! The real binary as a separate process, which specs start, kill, and run with failing disks and wrong clocks; and its
//! doors.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Lines, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

use crate::databases::{first_column, is_on_postgres, numbered_id, settings_of, url_of};
use crate::harness::{Answer, PASSWORD, bearer, send_to};
use crate::logs::{self, Watched};

/// Makes a command of the binary in its own folder, with no setting of this machine.
pub fn handstamp(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    handstamp_under(&[], folder, arguments, settings)
}

/// The same, run by another program: its name, then its arguments before the name of the binary.
pub fn handstamp_under(tool: &[&str], folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let words: Vec<_> = tool.iter().chain(&[env!("CARGO_BIN_EXE_handstamp")]).chain(arguments).collect();
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .current_dir(folder)
        .env_clear()
        .env("LEPTOS_SITE_ADDR", "127.0.0.1:0")
        .envs(is_on_postgres(folder).then(|| settings_of(folder, FILE)).into_iter().flatten())
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A running server. Dropping it ends it.
pub struct Serving {
    child: Ended,
    pub lines: Lines<BufReader<ChildStdout>>,
    /// Reads the log, because a server blocks for ever if the pipe is full.
    log: JoinHandle<String>,
    pub origin: String,
    _watched: Watched,
}

/// A start that failed.
#[derive(Debug)]
pub struct Refused {
    pub status: ExitStatus,
    pub log: String,
}

/// A sign-in.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

impl Serving {
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    pub fn start_with(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = handstamp(folder, &[], settings);
        command.env("RUST_LOG", "trace");
        Self::spawn(command).unwrap()
    }

    /// Runs the command until it listens or ends.
    pub fn spawn(mut command: Command) -> Result<Self, Refused> {
        let mut child = command.spawn().unwrap_or_else(|error| match error.kind() {
            ErrorKind::NotFound => panic!("{} is missing; run: scripts/setup test", command.get_program().display()),
            _ => panic!("{error}"),
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Absent if the spec lets the log go elsewhere.
        let stderr = child.stderr.take();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.map(|mut stderr| stderr.read_to_string(&mut log).unwrap());
            logs::look_through(&log);
            log
        });
        let Some(first) = lines.next() else {
            return Err(Refused { status: child.wait().unwrap(), log: log.join().unwrap() });
        };
        let origin = first.unwrap().strip_prefix("Handstamp listens on ").unwrap().to_owned();
        Ok(Self { child: Ended(child), lines, log, origin, _watched: Watched::begin() })
    }

    pub fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        signal("-TERM", self.pid());
    }

    /// Sends SIGTERM, and returns the log.
    pub fn stop(self) -> (ExitStatus, String) {
        self.terminate();
        self.wait()
    }

    /// Waits for the end, and returns the log.
    pub fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.0.wait().unwrap();
        (status, self.log.join().unwrap())
    }

    /// Sends SIGKILL: the server cannot clean up.
    pub fn kill(mut self) -> String {
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
        self.log.join().unwrap()
    }

    pub async fn send(&self, method: &str, path: &str, token: &str) -> Answer {
        send_to(&self.origin, method, path, &[("authorization", &bearer(token))], None).await
    }

    /// Signs ada in.
    pub async fn login(&self) -> Tokens {
        self.login_as("ada").await
    }

    pub async fn login_as(&self, name: &str) -> Tokens {
        let answer = self.send_login(name, &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Tokens::of(&answer.json())
    }

    /// Signs ada in from one of her addresses, as a proxy on this machine reports it.
    pub async fn login_from(&self, address: &str) -> Tokens {
        let answer = self.send_login("ada", &[("x-forwarded-for", address)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Tokens::of(&answer.json())
    }

    pub async fn try_login(&self) -> Answer {
        self.send_login("ada", &[]).await
    }

    async fn send_login(&self, name: &str, headers: &[(&str, &str)]) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        let body = json!({ "username": name, "password": PASSWORD }).to_string();
        send_to(&self.origin, "POST", "/login", &headers, Some(&body)).await
    }

    pub async fn logout(&self, tokens: &Tokens) -> Answer {
        self.send("DELETE", "/logout", &tokens.access).await
    }

    /// Returns whether the protected door accepts the access token. Fails if it cannot decide.
    pub async fn lets_in(&self, tokens: &Tokens) -> bool {
        let answer = self.send("GET", "/protected", &tokens.access).await;
        assert!([200, 401].contains(&answer.status), "{answer:?}");
        answer.status == 200
    }

    pub async fn refresh(&self, tokens: &Tokens) -> Answer {
        self.send("POST", "/refresh", &tokens.refresh).await
    }

    /// Checks that both tokens of an ended session are rejected.
    pub async fn expect_ended(&self, tokens: &Tokens) {
        assert!(!self.lets_in(tokens).await, "a token that was signed out is let in");
        let answer = self.refresh(tokens).await;
        assert_eq!(answer.status, 401, "{answer:?}");
    }
}

impl Tokens {
    /// Reads the tokens from an answer of `/login`.
    pub fn of(body: &Value) -> Self {
        let token = |name: &str| body[name].as_str().unwrap().to_owned();
        Self { access: token("access_token"), refresh: token("refresh_token") }
    }
}

/// A process that ends with its spec.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It has already ended if the spec stopped it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

/// Creates the database with the user ada.
pub async fn add_ada(folder: &Path) {
    let mut command = handstamp(folder, &["user", "add", "ada", "--password-stdin"], &[]);
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// Adds this number of users like her, `user1` and so on, by copying: a command for each takes long.
pub async fn add_users(folder: &Path, number: usize) {
    let copies = format!(
        "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {number}) \
         INSERT INTO users (id, username, skeleton, password_hash, roles, created_at) \
         SELECT {}, 'user' || i, 'user' || i, password_hash, roles, created_at \
         FROM users, numbers WHERE i <= {number}",
        numbered_id("i"),
    );
    sql(folder, &copies).await;
}

/// Opens the SQLite database as another process.
pub async fn connect(folder: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(database(folder)).connect().await.unwrap()
}

/// Reads or changes the database as another process. Returns the first column of the rows.
pub async fn sql(folder: &Path, statement: &str) -> Vec<String> {
    first_column(&url_of(folder, FILE), statement).await
}

/// Where the database is, in the folder of a server with the usual settings.
const FILE: &str = "data/handstamp.db";

/// The file of the SQLite database.
pub fn database(folder: &Path) -> PathBuf {
    assert!(!is_on_postgres(folder), "the folder of this spec must be a `sqlite_folder`");
    folder.join(FILE)
}

/// The write-ahead log.
pub fn log_file(folder: &Path) -> PathBuf {
    folder.join("data/handstamp.db-wal")
}

pub async fn expect_intact(folder: &Path) {
    if is_on_postgres(folder) {
        return;
    }
    assert_eq!(sql(folder, "PRAGMA integrity_check").await, ["ok"]);
}

/// Repeats until the condition is true. The limit is far above the promise, so that only a fault reaches it.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so().await {
        assert!(Instant::now() < deadline, "not within 30 seconds: {what}");
        tokio::task::yield_now().await;
    }
}

/// Returns the tracer of a process, from `/proc`.
pub fn tracer_of(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:")).unwrap().trim().parse().unwrap();
    (tracer != 0).then_some(tracer)
}
