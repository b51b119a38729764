//! Strangers take turns, so that a crowd of them does not hold up those who are signed in.
//!
//! What a stranger asks for costs some ten microseconds at least, and a page some hundred: five hundred who ask at once are that
//! much work before anybody else's turn. So only a few go on at a time, and the next ones when the threads have seen what else
//! has come. It is an order and bounds nobody's rate; `flows::throttle` does.

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

/// Few enough for what they take to be short, beside what else has come; and enough for a crowd to be through soon.
const TURNS_A_THREAD: usize = 4;

impl Turns {
    pub fn new() -> Self {
        let threads = available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Semaphore::new(threads * TURNS_A_THREAD)))
    }
}

/// Lets a request to a public door wait for its turn, before anything is done for it.
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

/// The next one's turn comes when this thread has seen what else there is.
fn pass_on(turn: OwnedSemaphorePermit) {
    tokio::spawn(async move {
        // tokio goes on here when it has run all that is ready and has asked for news of all connections.
        yield_now().await;
        drop(turn);
    });
}

/// Whoever signs in waits with a place for their password to be hashed: when none is left, there will be none when their turn
/// comes. Without one wait all others: a browser that may be known, as places are kept for it, and a form that was posted
/// without the program, which must be led back to its page.
fn place_to_wait_with(state: &AppState, request: &Request) -> Result<Option<Place>, Overloaded> {
    let signs_in = *request.method() == Method::POST
        && ["/login", "/api/login"].contains(&request.uri().path())
        && !asks_for_a_page(request.headers())
        && device_cookie(state, request.headers()).is_none();
    signs_in.then(|| state.hash_pool.place()).transpose()
}

/// What log and metrics need of a request: who asks for what. The crowd that waits for no more than to be refused must not fill
/// the memory with what it has said, nor with what that lies in: a text of hyper's is a piece of the 8 KiB that were read.
fn without_content(request: Request) -> Request {
    let (parts, _) = request.into_parts();
    let mut rest = Request::new(Body::empty());
    *rest.method_mut() = parts.method;
    // Parsed once already.
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
