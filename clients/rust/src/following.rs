//! The two tasks. One waits for news in a long poll. While that is silent nobody can tell whether the server has nothing to say
//! or is gone, so the other asks four times within the bound, without waiting: each answer is a proof.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, Uri};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::answer::Entry;
use crate::blocklist::Blocklist;
use crate::client::{Asked, Client, read_answer};
use crate::error::Broken;
use crate::follower::Settings;
use crate::freshness::{Freshness, Moment};
use crate::keys::{Keys, TIMEOUT};

/// The wait of a long poll.
const WAIT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Seconds that an entry stays after its `exp`: this clock can be ahead of the server's, and be set back.
const KEEP_LONGER: i64 = 60;

/// What the tasks learn.
#[derive(Default)]
pub struct Shared {
    pub client: Client,
    pub keys: Keys,
    pub sessions: Blocklist,
    pub tokens: Blocklist,
    pub proof: Freshness,
    pub cursor: watch::Sender<Option<String>>,
    last_error: Mutex<Option<String>>,
}

impl Shared {
    pub fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, result: &Result<(), Broken>) {
        let error = result.as_ref().err().map(ToString::to_string);
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    fn take(&self, entry: Entry<'_>) {
        match entry {
            Entry { sid: Some(id), exp, .. } => self.sessions.add(&id, exp),
            Entry { jti: Some(id), exp, .. } => self.tokens.add(&id, exp),
            Entry { sid: None, jti: None, .. } => {}
        }
    }
}

/// The tasks. They end when this is dropped.
pub struct Following(Mutex<Vec<JoinHandle<()>>>);

impl Following {
    /// Ends the tasks, and waits for their end.
    pub async fn stop(&self) {
        let tasks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            task.abort();
            task.await.ok();
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).iter().for_each(JoinHandle::abort);
    }
}

/// Starts the tasks.
pub fn begin(settings: &Settings) -> (Arc<Shared>, Following) {
    let shared = Arc::new(Shared::default());
    let task = Task {
        shared: Arc::clone(&shared),
        issuer: settings.issuer.clone(),
        authorization: authorization(&settings.client, &settings.secret),
        stale_after: settings.stale_after,
        revocations: watch::Sender::new(None),
    };
    let task = Arc::new(task);
    let tasks = vec![tokio::spawn(Arc::clone(&task).prove()), tokio::spawn(task.wait_for_news())];
    (shared, Following(Mutex::new(tasks)))
}

struct Task {
    shared: Arc<Shared>,
    issuer: String,
    authorization: HeaderValue,
    stale_after: Duration,
    revocations: watch::Sender<Option<Uri>>,
}

/// What the server says about itself.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
    revocations_endpoint: String,
}

impl Task {
    async fn prove(self: Arc<Self>) {
        loop {
            let began = Instant::now();
            let was_known = self.shared.cursor.borrow().is_some();
            let result = self.prove_once().await;
            self.shared.note(&result);
            self.sweep();
            match result {
                Ok(()) if was_known => sleep_until(began + self.stale_after / 4).await,
                Ok(()) => {}
                Err(_) => self.pause().await,
            }
        }
    }

    async fn prove_once(&self) -> Result<(), Broken> {
        if self.revocations.borrow().is_none() {
            self.discover().await?;
        }
        let cursor = self.shared.cursor.borrow().clone();
        // Until a snapshot is there, the entries of before stay, and the proof grows old.
        let silence = if cursor.is_some() { self.stale_after.max(Duration::from_millis(100)) } else { SILENCE };
        self.ask(cursor, None, silence).await
    }

    async fn wait_for_news(self: Arc<Self>) {
        let mut cursors = self.shared.cursor.subscribe();
        loop {
            let Ok(cursor) = cursors.wait_for(Option::is_some).await.map(|cursor| cursor.clone()) else { return };
            let result = match self.shared.keys.refresh(&self.shared.client).await {
                Ok(()) => self.ask(cursor, Some(WAIT), SILENCE).await,
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                self.shared.note(&Err(error));
                self.pause().await;
            }
        }
    }

    async fn discover(&self) -> Result<(), Broken> {
        let Shared { client, keys, .. } = &*self.shared;
        let at = format!("{}/.well-known/oauth-authorization-server", self.issuer.trim_end_matches('/'));
        let uri = parse(&at)?;
        let found: Metadata = client.object(&uri, TIMEOUT).await?;
        if found.issuer != self.issuer {
            return Err(Broken::Form(format!(
                "the metadata of {} is of another issuer: {}",
                self.issuer, found.issuer
            )));
        }
        let revocations = parse(&found.revocations_endpoint)?;
        if (revocations.scheme(), revocations.authority()) != (uri.scheme(), uri.authority()) {
            return Err(Broken::Form(format!("the blocklist is at another server: {revocations}")));
        }
        keys.begin(client, parse(&found.jwks_uri)?).await?;
        self.revocations.send_replace(Some(revocations));
        Ok(())
    }

    /// Takes in all that came after this cursor; without one, everything. Proves what was so when the request was sent.
    async fn ask(&self, after: Option<String>, wait: Option<Duration>, silence: Duration) -> Result<(), Broken> {
        let Some(place) = self.revocations.borrow().clone() else { return Ok(()) };
        let uri = match &after {
            Some(cursor) => {
                let query = form_urlencoded::Serializer::new(String::new()).append_pair("after", cursor).finish();
                parse(&format!("{place}?{query}"))?
            }
            None => place.clone(),
        };
        let sent = Moment::now();
        let asked = Asked { uri, authorization: &self.authorization, wait, is_snapshot: after.is_none() };
        let response = self.shared.client.revocations(asked, silence).await?;
        match response.status() {
            StatusCode::OK => {
                let cursor = read_answer(response, silence, |entry| self.shared.take(entry)).await?;
                self.shared.cursor.send_replace(Some(cursor));
                self.shared.proof.at(sent);
                Ok(())
            }
            StatusCode::GONE if after.is_some() => {
                self.shared.cursor.send_if_modified(|cursor| *cursor == after && cursor.take().is_some());
                Ok(())
            }
            status => Err(Broken::Status(place, status)),
        }
    }

    /// Drops some of what has expired: with the default bound, all of it within 16 seconds.
    fn sweep(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX) - KEEP_LONGER;
        for blocklist in [&self.shared.sessions, &self.shared.tokens] {
            blocklist.sweep(now, 1);
        }
    }

    async fn pause(&self) {
        sleep((self.stale_after / 4).min(LONGEST_PAUSE)).await;
    }
}

fn parse(uri: &str) -> Result<Uri, Broken> {
    uri.parse().map_err(|_| Broken::Form(format!("not an address: {uri}")))
}

/// HTTP Basic, as RFC 6749 wants it (section 2.3.1).
fn authorization(client: &str, secret: &str) -> HeaderValue {
    let [client, secret] =
        [client, secret].map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
    let encoded = STANDARD.encode(format!("{client}:{secret}"));
    let mut value = HeaderValue::try_from(format!("Basic {encoded}")).expect("base64 is a header's value");
    value.set_sensitive(true);
    value
}
