//! Makes public requests wait in turn, so that many of them do not delay signed-in users.
//!
//! A public request costs at least about 10 µs, and a page about 100 µs. Without turns, five hundred at once would all run
//! before a signed-in user's request. So only a few run at a time, and the next ones start when the threads have looked for
//! other requests. This is an order and limits no rate; `flows::throttle` does.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;

use super::cookies::device_cookie;
use super::guard::{asks_for_a_page, is_public};
use super::request_log::{Arrived, X_REQUEST_ID};
use super::visitor::Peer;
use crate::server::hash_pool::{Overloaded, Place};
use crate::server::state::AppState;

/// The turns of one server.
#[derive(Clone)]
pub struct Turns(Arc<Semaphore>);

/// Small enough to keep the wait of other requests short, and large enough to finish a crowd soon.
const TURNS_A_THREAD: usize = 4;

impl Turns {
    pub fn new() -> Self {
        let threads = available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Semaphore::new(threads * TURNS_A_THREAD)))
    }
}

/// Makes a request to a public door wait for its turn, before any work for it.
pub async fn take_turns(
    State((state, Turns(turns))): State<(AppState, Turns)>,
    mut request: Request,
    next: Next,
) -> Response {
    if is_public(request.method(), request.uri().path()) {
        if let Ok(turn) = Arc::clone(&turns).try_acquire_owned() {
            pass_on(turn);
        } else {
            let place = place_to_wait_with(&state, &request);
            if let Err(overloaded) = place {
                request = without_content(request);
                // `body.rs` answers.
                request.extensions_mut().insert(overloaded);
            }
            if let Ok(turn) = turns.acquire_owned().await {
                pass_on(turn);
            }
        }
    }
    next.run(request).await
}

/// The next turn comes when this thread has looked for other requests.
fn pass_on(turn: OwnedSemaphorePermit) {
    tokio::spawn(async move {
        // tokio goes on here when it has run all ready tasks and has polled all connections.
        yield_now().await;
        drop(turn);
    });
}

/// A sign-in waits with a place in the hashing queue: if no place is left now, none is left at its turn. Two kinds wait
/// without one: a browser that may be known, as places are reserved for it, and a form posted without the program, which
/// must be led back to its page.
fn place_to_wait_with(state: &AppState, request: &Request) -> Result<Option<Place>, Overloaded> {
    let signs_in = *request.method() == Method::POST
        && ["/login", "/api/login"].contains(&request.uri().path())
        && !asks_for_a_page(request.headers())
        && device_cookie(state, request.headers()).is_none();
    signs_in.then(|| state.hash_pool.place()).transpose()
}

/// Keeps only what the log and the metrics need of a request. Many waiting requests must not fill the memory with their
/// headers, nor with the buffers that hold those: a text from hyper is a slice of an 8 KiB buffer.
fn without_content(request: Request) -> Request {
    let (parts, _) = request.into_parts();
    let mut rest = Request::new(Body::empty());
    *rest.method_mut() = parts.method;
    // It was parsed once already.
    *rest.uri_mut() = Uri::try_from(parts.uri.path()).unwrap_or_default();
    for id in parts.headers.get_all(X_REQUEST_ID) {
        if let Ok(id) = HeaderValue::from_bytes(id.as_bytes()) {
            rest.headers_mut().append(X_REQUEST_ID, id);
        }
    }
    carry_over::<Peer>(&parts.extensions, rest.extensions_mut());
    carry_over::<Arrived>(&parts.extensions, rest.extensions_mut());
    carry_over::<MatchedPath>(&parts.extensions, rest.extensions_mut());
    rest
}

fn carry_over<T: Clone + Send + Sync + 'static>(from: &Extensions, to: &mut Extensions) {
    if let Some(known) = from.get::<T>() {
        to.insert(known.clone());
    }
}
