//! Logs one line for each request, with a request id that the answer has too. Never logs a header, a query or a body.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tracing::{Instrument as _, info, info_span};

use super::visitor::Peer;
use crate::api_types::ApiError;
use crate::server::measure::Doors;
use crate::server::state::AppState;

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of the longest id that is accepted: a UUID, a trace id, and what proxies put around them.
const MAX_ID: usize = 64;

/// When a request's header was read. `listener.rs` puts it into every request, so that the time includes waiting.
#[derive(Clone, Copy, Debug)]
pub struct Arrived(pub Instant);

/// Gives the request an id, counts it and logs it.
pub async fn log_request(
    State((state, doors)): State<(AppState, Arc<Doors>)>,
    request: Request,
    next: Next,
) -> Response {
    let id = given_id(&state, &request).unwrap_or_else(|| URL_SAFE_NO_PAD.encode(state.world.random_bytes::<12>()));
    let span = info_span!("request", id);
    async move {
        let begun = request.extensions().get::<Arrived>().map_or_else(Instant::now, |arrived| arrived.0);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let matched = request.extensions().get::<MatchedPath>().cloned();
        let mut response = next.run(request).await;
        let (status, elapsed) = (response.status(), begun.elapsed());
        let error = response.extensions().get::<ApiError>().copied();
        let matched = matched.as_ref().map(MatchedPath::as_str);
        state.measures.answered(&doors, method.as_str(), matched, status.as_u16(), elapsed);
        if let Some(error) = error {
            state.measures.failed(error);
        }
        if !is_noise(&path, status) {
            let (status, code, elapsed_us) = (status.as_u16(), error.map(ApiError::code), micros(elapsed));
            info!(%method, path, status, code, elapsed_us, "Answered");
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        response
    }
    .instrument(span)
    .await
}

/// Returns the id from a proxy on this machine or in `TRUSTED_PROXIES`, so that its log and ours use the same id. From
/// other senders it is ignored: they could write into our log.
fn given_id(state: &AppState, request: &Request) -> Option<String> {
    let peer = request.extensions().get::<Peer>()?.0.to_canonical();
    if !peer.is_loopback() && !state.config.trusted_proxies.contains(peer) {
        return None;
    }
    let mut given = request.headers().get_all(X_REQUEST_ID).iter();
    let (Some(id), None) = (given.next(), given.next()) else { return None };
    let id = id.to_str().ok()?;
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    ((1..=MAX_ID).contains(&id.len()) && id.bytes().all(safe)).then(|| id.to_owned())
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Health checks and metrics repeat every few seconds, so a success is not logged.
fn is_noise(path: &str, status: StatusCode) -> bool {
    status == StatusCode::OK && matches!(path, "/healthz" | "/metrics" | "/readyz")
}
