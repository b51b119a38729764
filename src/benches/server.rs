//! Code that the benchmarks of a whole server share: the real binary in a folder, an account, and keep-alive
//! connections.
//!
//! Knows doors and bodies. Of the tables it knows only the place of a password's hash.

#![allow(dead_code, reason = "no benchmark needs all of it")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use handstamp::server::config::{Config, Settings};
use handstamp::server::domain::additional_claims::AdditionalClaims;
use handstamp::server::domain::ids::{EventId, SessionId, TokenId, UserId};
use handstamp::server::domain::methods::Methods;
use handstamp::server::domain::password::{Hasher, Password};
use handstamp::server::domain::security_event::{EventKind, NewEvent};
use handstamp::server::domain::session::{Origin, Session, SessionKind};
use handstamp::server::domain::username::Username;
use handstamp::server::startup;
use handstamp::server::world::World;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

const PASSWORD: &str = "correct horse battery staple";
const METRICS_TOKEN: &str = "the-benchmarks-read-the-metrics-with-this";

/// The running binary. It ends when this is dropped.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    /// Starts the server on the data in this folder, and waits until it listens.
    pub fn start_with(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut child =
            handstamp(folder, &[]).envs(settings.iter().copied()).stdout(Stdio::piped()).spawn().expect("starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("speaks");
        let address = line.trim().strip_prefix("Handstamp listens on http://").expect("listens").to_owned();
        Self { child, address }
    }

    pub async fn connect(&self) -> Connection {
        Connection::to(&self.address).await
    }

    /// Opens a connection from an address of this machine.
    pub async fn connect_from(&self, address: [u8; 4]) -> Connection {
        let socket = TcpSocket::new_v4().expect("is a socket");
        socket.bind((address, 0).into()).expect("is an address of this machine");
        let stream = socket.connect(self.address.parse().expect("is an address")).await.expect("is let in");
        Connection::on(stream)
    }

    /// Returns its memory in KiB, by the name in `/proc`: `VmRSS` for now, `VmHWM` for the maximum.
    pub fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("is there");
        line.trim().trim_end_matches(" kB").parse().expect("is a number")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops the server in order, so that the whole database is in one file.
    pub fn stop(mut self) {
        Command::new("kill").arg(self.id().to_string()).status().expect("kills");
        assert!(self.child.wait().expect("ends").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // If it was stopped, it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn to(address: &str) -> Self {
        Self::on(TcpStream::connect(address).await.expect("is let in"))
    }

    fn on(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("is a socket");
        Self { stream, buffer: Vec::with_capacity(4096) }
    }

    /// Tries to sign in. `from`: the visitor's address, as a proxy reports it. Returns the status.
    pub async fn try_login(&mut self, username: &str, password: &str, from: Option<&str>) -> u16 {
        let body = serde_json::json!({ "username": username, "password": password }).to_string();
        let from = from.map(|from| format!("x-forwarded-for: {from}\r\n")).unwrap_or_default();
        let head = format!("{from}content-type: application/json\r\ncontent-length: {}", body.len());
        self.send(&format!("POST /login HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n{body}")).await.0
    }

    /// Returns the status of a door's answer to a token.
    pub async fn ask(&mut self, door: &str, token: &str) -> u16 {
        self.send(&format!("{door} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n")).await.0
    }

    /// Returns the metrics of the server.
    pub async fn metrics(&mut self) -> String {
        let (status, metrics) = self
            .send(&format!("GET /metrics HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {METRICS_TOKEN}\r\n\r\n"))
            .await;
        assert_eq!(status, 200);
        metrics
    }

    async fn send(&mut self, request: &str) -> (u16, String) {
        let (head, body) = self.exchange(request).await;
        (status(&head), body)
    }

    /// Sends a request, and reads the whole answer: head and body.
    async fn exchange(&mut self, request: &str) -> (String, String) {
        self.stream.write_all(request.as_bytes()).await.expect("is read");
        self.buffer.clear();
        let end = loop {
            self.read_more().await;
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("has a length");
        let length: usize = length.parse().expect("is a number");
        while self.buffer.len() < end + 4 + length {
            self.read_more().await;
        }
        (head, String::from_utf8_lossy(&self.buffer[end + 4..]).into_owned())
    }

    async fn read_more(&mut self) {
        assert_ne!(self.stream.read_buf(&mut self.buffer).await.expect("answers"), 0, "the connection was closed");
    }
}

fn status(head: &str) -> u16 {
    head[9..12].parse().expect("is a status")
}

/// The settings of the benchmarks' servers.
const SETTINGS: [(&str, &str); 4] = [
    ("LEPTOS_SITE_ADDR", "127.0.0.1:0"),
    ("RUST_LOG", "error"),
    ("JWT_ACCESS_TOKEN_EXPIRES", "60m"),
    ("METRICS_TOKEN", METRICS_TOKEN),
];

/// Creates a database with the user ada.
pub fn add_ada(folder: &Path) {
    let mut child =
        handstamp(folder, &["user", "add", "ada", "--password-stdin"]).stdout(Stdio::null()).spawn().expect("starts");
    child.stdin.take().expect("piped").write_all(PASSWORD.as_bytes()).expect("listens");
    assert!(child.wait().expect("ends").success());
}

/// Creates an account with this password, with the full cost of a hash, as a copy of ada's.
pub async fn add_user(folder: &Path, number: u8, name: &str, password: &str, disabled: bool) {
    let hasher = Hasher::new(19456, 2, 1).expect("fit");
    let hash = hasher.hash(&Password::parse(&password.into()).expect("fit"), &[7; 16]).expect("hashes");
    let copy = "INSERT INTO users (id, username, password_hash, roles, created_at, disabled_at) \
                SELECT $1, $2, $3, roles, created_at, CASE WHEN $4 THEN created_at END FROM users WHERE username = 'ada'";
    let id = UserId::from_random([number; 16]).to_string();
    let copy = sqlx::query(copy).bind(id).bind(name).bind(hash.as_stored()).bind(disabled);
    copy.execute(&mut open(folder).await).await.expect("is new");
}

/// Opens the database directly.
pub async fn open(folder: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.join("data/handstamp.db")).connect().await.expect("opens")
}

/// Starts this number of sessions of ada with the server's own functions, but without hashing the password each time.
/// Returns their access tokens.
pub async fn sign_in(folder: &Path, number: usize) -> Vec<String> {
    let database = format!("sqlite:{}", folder.join("data/handstamp.db").display());
    let settings = Settings::from_pairs(SETTINGS.into_iter().chain([("DATABASE_URL", database.as_str())]));
    let config = Config::from_settings(&settings).expect("fit");
    let (state, _) = startup::start(config, World::system()).await.expect("starts");
    let ada = Username::parse("ada").expect("is a name");
    let (user, verified) = state.store.find_user(&ada).await.expect("is read").expect("is there");
    let sign_ins = (0..number).map(async |_| {
        let now = state.world.now();
        let session = Session {
            id: SessionId::from_random(state.world.random_bytes()),
            user_id: user.id,
            started_at: now,
            expires_at: now.plus(Duration::from_hours(12)),
            kind: SessionKind::Brief,
            origin: Origin::default(),
            methods: Methods::PASSWORD,
            additional: AdditionalClaims::default(),
        };
        let token_id = TokenId::from_random(state.world.random_bytes());
        let id = EventId::new(now, state.world.random_bytes());
        let event = NewEvent::new(id, now, EventKind::SignedIn, Origin::default());
        let expires_at = state.token_rules.expiry(&session, now);
        assert!(
            state
                .store
                .start_session(&session, token_id, expires_at, (&user, &verified), event)
                .await
                .expect("is kept")
        );
        state.token_rules.issue(&state.keys.load(), &user, &session, token_id, now).expect("signs").text
    });
    let tokens = futures::future::join_all(sign_ins).await;
    state.store.close().await;
    tokens
}

fn handstamp(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handstamp"));
    command.args(arguments).current_dir(folder).env_clear().envs(SETTINGS).stdin(Stdio::piped());
    command
}
