//! GET requests to the server, on connections that are kept open. Follows no redirect: a client secret goes nowhere else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::rt::Executor;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client as Hyper, connect::HttpConnector};
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::answer::{Entry, Reader};
use crate::error::{Broken, NotStarted};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The most bytes of metadata or keys.
const MOST_BYTES: usize = 1 << 20;

pub struct Client {
    http: Hyper<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    connections: Connections,
}

/// The tasks of the connections. A connection goes on to wait for its answer when nobody else does, until it is ended here.
#[derive(Clone, Default)]
struct Connections(Arc<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Connections {
    fn execute(&self, connection: F) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(connection);
    }
}

impl Default for Client {
    fn default() -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let https =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(connector);
        let connections = Connections::default();
        Self { http: Hyper::builder(connections.clone()).build(https), connections }
    }
}

impl Client {
    /// Closes all connections.
    pub async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.connections.0.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
    }

    /// Returns a JSON object.
    pub async fn object<T: DeserializeOwned>(&self, uri: &Uri, within: Duration) -> Result<T, Broken> {
        let request = Request::get(uri).body(Empty::new())?;
        let all = async {
            let response = self.http.request(request).await?;
            if response.status() != http::StatusCode::OK {
                return Err(Broken::Status(uri.clone(), response.status()));
            }
            let body = http_body_util::Limited::new(response.into_body(), MOST_BYTES);
            let body = body.collect().await.map_err(|error| Broken::Form(error.to_string()))?;
            Ok(serde_json::from_slice(&body.to_bytes())?)
        };
        timeout(within, all).await.map_err(|_| Broken::Silent(within))?
    }

    /// Sends a request for the blocklist, and returns the answer when its head has come.
    pub async fn revocations(&self, asked: Asked<'_>, silence: Duration) -> Result<Response<Incoming>, Broken> {
        let mut request = Request::get(asked.uri).header(AUTHORIZATION, asked.authorization);
        request = match asked.wait {
            Some(wait) => request.header("prefer", format!("wait={}", wait.as_secs())),
            None => request,
        };
        if asked.is_snapshot {
            request = request.header(ACCEPT_ENCODING, "gzip");
        }
        let answer = self.http.request(request.body(Empty::new())?);
        Ok(timeout(silence, answer).await.map_err(|_| Broken::Silent(silence))??)
    }
}

/// A request for the blocklist.
pub struct Asked<'r> {
    pub uri: Uri,
    pub authorization: &'r HeaderValue,
    pub wait: Option<Duration>,
    pub is_snapshot: bool,
}

/// Gives the entries to `take`, and returns the cursor. No wait for bytes is longer than `silence`.
pub async fn read_answer(
    response: Response<Incoming>,
    silence: Duration,
    take: impl FnMut(Entry<'_>),
) -> Result<String, Broken> {
    let is_gzip = response.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
    let mut reader = Reader::new(is_gzip, take);
    let mut body = response.into_body();
    while let Some(frame) = timeout(silence, body.frame()).await.map_err(|_| Broken::Silent(silence))? {
        if let Some(piece) = frame?.data_ref() {
            reader.push(piece)?;
        }
    }
    reader.finish()
}

/// Reads the address of the server.
pub fn parse_issuer(issuer: &str) -> Result<Uri, NotStarted> {
    let uri: Uri = issuer.parse().map_err(|_| NotStarted::BadAddress(issuer.into()))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) | (Some("http"), Some("localhost" | "127.0.0.1" | "[::1]")) => Ok(uri),
        (Some("http"), Some(_)) => Err(NotStarted::NoTls(issuer.into())),
        _ => Err(NotStarted::BadAddress(issuer.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_sent_without_https_except_on_this_machine() {
        for issuer in
            ["http://id.example.org", "http://127.0.0.1.example.org", "ftp://id.example.org", "id.example.org", ""]
        {
            assert!(parse_issuer(issuer).is_err(), "{issuer}");
        }
        for issuer in ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000", "https://id.example.org"]
        {
            assert!(parse_issuer(issuer).is_ok(), "{issuer}");
        }
    }
}
