//! Counts each request and logs one line for it, with the request id that the answer has too. Never logs a header, a query
//! or a body.

use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{HeaderName, Method, StatusCode, Uri};
use axum::response::Response;
use tracing::info;

use super::visit::Visit;
use crate::api_types::ApiError;
use crate::server::measure::{DoorNumber, Doors, Measures};
use crate::server::request_id::RequestId;
use crate::server::state::AppState;

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the line says about a request.
pub struct Asked {
    pub method: Method,
    path: Path,
    arrived: Instant,
}

/// A path that is known, or the URI that has it. A clone of the URI costs more than the rest of this.
enum Path {
    Known(&'static str),
    Of(Uri),
}

impl Asked {
    /// `known`: the path of the request, if it was compared with a known one.
    pub fn of(request: &Request, known: Option<&'static str>, arrived: Instant) -> Self {
        let path = known.map_or_else(|| Path::Of(request.uri().clone()), Path::Known);
        Self { method: request.method().clone(), path, arrived }
    }

    /// Counts and logs the answer.
    pub fn log(&self, measures: &Measures, doors: &Doors, number: DoorNumber, response: &Response) {
        let (status, elapsed) = (response.status(), self.arrived.elapsed());
        let error = response.extensions().get::<ApiError>().copied();
        measures.answered(doors, number, status.as_u16(), elapsed);
        if let Some(error) = error {
            measures.failed(error);
        }
        let method = self.method.as_str();
        let path = match &self.path {
            Path::Known(path) => path,
            Path::Of(uri) => uri.path(),
        };
        if !is_noise(path, status) {
            let (status, code, elapsed_us) = (status.as_u16(), error.map(ApiError::code), micros(elapsed));
            info!(method, path, status, code, elapsed_us, "Answered");
        }
    }
}

/// Returns the id of a request: that of a proxy on this machine or in `TRUSTED_PROXIES`, so that its log and ours use the
/// same id, or a new one. From other senders it is ignored: they could write into our log.
pub fn id_of(state: &AppState, request: &mut Request) -> RequestId {
    let peer = Visit::of(request).peer.to_canonical();
    let mut given = request.headers().get_all(X_REQUEST_ID).iter();
    let given = match (given.next(), given.next()) {
        (Some(id), None) if peer.is_loopback() || state.config.trusted_proxies.contains(peer) => {
            RequestId::parse(id.as_bytes())
        }
        _ => None,
    };
    given.unwrap_or_else(|| RequestId::random(&state.world))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Health checks and metrics repeat every few seconds, so a success is not logged.
fn is_noise(path: &str, status: StatusCode) -> bool {
    status == StatusCode::OK && matches!(path, "/healthz" | "/metrics" | "/readyz")
}
