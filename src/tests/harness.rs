//! A whole server for each spec, with its doors as methods.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use handstamp::server::config::{Config, Settings};
use handstamp::server::domain::ids::EventId;
use handstamp::server::domain::security_event::{EventKind, NewEvent};
use handstamp::server::domain::session::Origin;
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::domain::user::Roles;
use handstamp::server::flows::{self, BlocklistFollower};
use handstamp::server::http::{self, Limits};
use handstamp::server::startup::{self, StartupError};
use handstamp::server::state::AppState;
use handstamp::server::world::World;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::databases::{self, sqlite_folder};
pub use crate::given::{PASSWORD, SECRET};
use crate::logs::{self, Watched};

/// The time at which the specs begin: 2026-11-22T09:12:00Z.
pub const MORNING: i64 = 1_795_338_720;

/// The clock, and the seconds that have passed.
type Clocks = (Arc<AtomicI64>, Arc<AtomicU64>);

fn clocks() -> Clocks {
    (Arc::new(AtomicI64::new(MORNING)), Arc::default())
}

/// A server that listens on a port of its own.
pub struct TestApp {
    pub state: AppState,
    pub origin: String,
    pub clock: Arc<AtomicI64>,
    uptime: Arc<AtomicU64>,
    pub follower: BlocklistFollower,
    settings: Vec<(String, String)>,
    folder: Arc<TempDir>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
    _watched: Watched,
}

/// Another service.
pub struct Client {
    pub name: String,
    pub secret: String,
}

/// The tokens of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

/// An answer, read to the end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::start_in(folder, settings, clocks(), Limits::default()).await
    }

    /// For what can be seen only in files.
    pub async fn start_on_sqlite() -> Self {
        Self::start_on_sqlite_with(&[]).await
    }

    pub async fn start_on_sqlite_with(settings: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::start_in(Arc::new(sqlite_folder()), settings, clocks(), Limits::default()).await
    }

    pub fn database_url(&self) -> String {
        self.state.config.database.url.clone()
    }

    pub async fn start_limited(limits: Limits) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::start_in(folder, Vec::new(), clocks(), limits).await
    }

    async fn start_in(folder: Arc<TempDir>, settings: Vec<(String, String)>, clocks: Clocks, limits: Limits) -> Self {
        // Before anything is logged.
        let watched = Watched::begin();
        let (state, follower) = open(&folder, &settings, &clocks).await;
        if let Some(code) = &state.setup_code {
            logs::keep_secret(&code.to_string());
        }
        let (clock, uptime) = clocks;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let router = http::router(&state, limits);
        let served = tokio::spawn(http::serve(listener, router, limits, async {
            let _ = stopped.await;
        }));
        Self { state, origin, clock, uptime, follower, settings, folder, stop: Some(stop), served, _watched: watched }
    }

    /// Another process on the same database: its state, and how far it has followed the blocklist.
    pub async fn another_process(&self) -> (AppState, BlocklistFollower) {
        open(&self.folder, &self.settings, &self.clocks()).await
    }

    /// Another process on the same database with other settings, or the message with which it does not start.
    pub async fn start_another_with(&self, settings: &[(&str, &str)]) -> Result<AppState, String> {
        let more = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: Vec<_> = self.settings.iter().cloned().chain(more).collect();
        let opened = try_open(&self.folder, &settings, &self.clocks()).await;
        opened.map(|(state, _)| state).map_err(|error| error.to_string())
    }

    /// Does the regular work of the server's process: follows blocklist and keys.
    pub async fn follow(&mut self) {
        self.follower.catch_up(&self.state).await.unwrap();
        flows::follow_keys(&self.state).await.unwrap();
    }

    pub fn is_on_postgres(&self) -> bool {
        databases::is_on_postgres(self.folder.path())
    }

    /// Runs statements as another process.
    pub async fn execute(&self, statements: &str) {
        databases::execute(&self.state.config.database.listen_url, statements).await;
    }

    /// Reads or changes the database as another process. Returns the first column of the rows.
    pub async fn sql(&self, statement: &str) -> Vec<String> {
        databases::first_column(&self.state.config.database.listen_url, statement).await
    }

    /// Stops the server in order, and starts another on the same data, clock and settings.
    pub async fn restart(mut self) -> Self {
        self.stop().await;
        Self::start_in(self.folder, self.settings, (self.clock, self.uptime), Limits::default()).await
    }

    /// The same with further settings, which count more than those before.
    pub async fn restart_with(mut self, settings: &[(&str, &str)]) -> Self {
        self.settings.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.restart().await
    }

    pub async fn stop(&mut self) {
        self.stop_accepting();
        (&mut self.served).await.unwrap();
        self.state.store.close().await;
        self.state.presence.leave().await;
    }

    /// Sends the signal to stop, without waiting.
    pub fn stop_accepting(&mut self) {
        self.state.stopping.send_replace(true);
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    fn clocks(&self) -> Clocks {
        (Arc::clone(&self.clock), Arc::clone(&self.uptime))
    }

    /// Lets time pass, in which the server's process has followed the blocklist. A change of only `clock` sets the clock instead.
    pub fn pass(&self, duration: Duration) {
        self.pass_unheard(duration);
        self.state.freshness.complete(self.state.world.uptime());
    }

    /// Lets time pass in which the store has not answered.
    pub fn pass_unheard(&self, duration: Duration) {
        self.uptime.fetch_add(duration.as_secs(), Ordering::SeqCst);
        self.clock.fetch_add(i64::try_from(duration.as_secs()).unwrap(), Ordering::SeqCst);
    }

    pub async fn add_user(&self, name: &str) {
        flows::add_user(&self.state, name, PASSWORD.into(), Roles::default()).await.unwrap();
    }

    /// Adds an administrator: before, sign-up is closed.
    pub async fn add_administrator(&self, name: &str) {
        flows::add_user(&self.state, name, PASSWORD.into(), Roles::admin()).await.unwrap();
    }

    /// Signs in an existing user.
    pub async fn login(&self, name: &str) -> String {
        let answer = self.post_json("/login", &format!(r#"{{"username":"{name}","password":"{PASSWORD}"}}"#)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Signs in an existing user with `remember`.
    pub async fn tokens(&self, name: &str) -> Tokens {
        let body = format!(r#"{{"username":"{name}","password":"{PASSWORD}","remember":true}}"#);
        let answer = self.post_json("/login", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.tokens()
    }

    /// Sends a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        self.send("POST", "/refresh", &[("authorization", &bearer(refresh_token))], None).await
    }

    /// Creates a user and signs in.
    pub async fn somebody(&self, name: &str) -> String {
        self.add_user(name).await;
        self.login(name).await
    }

    pub async fn protected(&self, token: &str) -> Answer {
        self.get_as("/protected", token).await
    }

    pub async fn logout(&self, token: &str) -> Answer {
        self.send("DELETE", "/logout", &[("authorization", &bearer(token))], None).await
    }

    /// Sends a request as another service, with its name and secret.
    pub async fn as_client(&self, method: &str, path: &str, client: &Client, body: &str) -> Answer {
        let credentials = STANDARD.encode(format!("{}:{}", client.name, client.secret));
        let basic = format!("Basic {credentials}");
        let headers = [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        self.send(method, path, &headers, Some(body)).await
    }

    /// Adds a client.
    pub async fn client(&self, name: &str) -> Client {
        let secret = flows::add_client(&self.state, name).await.unwrap();
        Client { name: name.to_owned(), secret: secret.expose_secret().to_owned() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub async fn get_as(&self, path: &str, token: &str) -> Answer {
        self.send("GET", path, &[("authorization", &bearer(token))], None).await
    }

    pub async fn post_json(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], Some(body)).await
    }

    pub async fn post_form(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("content-type", "application/x-www-form-urlencoded")], Some(body)).await
    }

    /// Calls a server function as our own page does.
    pub async fn call(&self, function: &str, token: Option<&str>, body: &str) -> Answer {
        self.call_with_cookie(function, token, "", body).await
    }

    /// The same, with a cookie.
    pub async fn call_with_cookie(&self, function: &str, token: Option<&str>, cookie: &str, body: &str) -> Answer {
        let authorization = token.map(bearer);
        let mut headers = vec![
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "application/json"),
            ("sec-fetch-site", "same-origin"),
        ];
        if let Some(authorization) = &authorization {
            headers.push(("authorization", authorization));
        }
        if !cookie.is_empty() {
            headers.push(("cookie", cookie));
        }
        self.send("POST", &format!("/api/{function}"), &headers, Some(body)).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        send_to(&self.origin, method, path, headers, body).await
    }
}

/// Makes an event for a spec of the store.
pub fn event(kind: EventKind) -> NewEvent {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = u128::from(COUNT.fetch_add(1, Ordering::SeqCst));
    NewEvent::new(EventId::from_random(id.to_be_bytes()), UnixTime(MORNING), kind, Origin::default())
}

/// Sends one request on a new connection.
pub async fn send_to(origin: &str, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{origin}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = body.unwrap_or_default();
    logs::keep_passwords_secret(body);
    let request = request.body(body.to_owned()).unwrap();
    tokio::task::spawn_blocking(move || answer(request)).await.unwrap()
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn tokens(&self) -> Tokens {
        assert_eq!(self.status, 200, "{self:?}");
        let text = |name: &str| self.json()[name].as_str().unwrap().to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token") }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns status, code and sentence of an error, in the order of the contract's table.
    pub fn error(&self) -> String {
        let body = self.json();
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "{self:?}");
        assert_eq!(self.status == 401, self.header("www-authenticate").is_some(), "{self:?}");
        format!("{} {} {}", self.status, body["code"].as_str().unwrap(), body["msg"].as_str().unwrap())
    }
}

/// Returns a decoded part of a token: 0 is the header, 1 the claims.
pub fn part(token: &str, index: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn answer(request: ureq::http::Request<String>) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_mins(1)))
        .build()
        .into();
    let mut response = agent.run(request).unwrap();
    let headers = response.headers().iter();
    let answer = Answer {
        status: response.status().as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: response.body_mut().read_to_string().unwrap(),
    };
    logs::keep_given_secret(&answer.headers, &answer.body);
    answer
}

async fn open(folder: &TempDir, settings: &[(String, String)], clocks: &Clocks) -> (AppState, BlocklistFollower) {
    try_open(folder, settings, clocks).await.unwrap()
}

async fn try_open(
    folder: &TempDir,
    settings: &[(String, String)],
    clocks: &Clocks,
) -> Result<(AppState, BlocklistFollower), StartupError> {
    let fixed = [("JWT_SECRET", SECRET.to_owned()), ("HASH_CONCURRENCY", "2".to_owned())];
    let database = databases::settings_of(folder.path(), "handstamp.db");
    let fixed = fixed.into_iter().chain(database).map(|(name, value)| (name.to_owned(), value));
    let config = Config::from_settings(&Settings::from_pairs(fixed.chain(settings.iter().cloned()))).unwrap();
    let (clock, uptime) = clocks.clone();
    let world = World::with_clocks(
        move || UnixTime(clock.load(Ordering::SeqCst)),
        move || Duration::from_secs(uptime.load(Ordering::SeqCst)),
    );
    startup::start(config, world).await
}
