//! Makes public requests wait in turn, so that many of them do not delay signed-in users.
//!
//! A public request costs at least about 10 µs, and a page about 100 µs. Without turns, five hundred at once would all run
//! before a signed-in user's request. So only a few run at a time, and the next ones start when the threads have looked for
//! other requests. This is an order and limits no rate; `flows::throttle` does.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use axum::extract::Request;
use axum::http::{Method, Uri};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;

use super::cookies::device_cookie;
use super::guard::asks_for_a_page;
use super::visit::Visit;
use crate::server::hash_pool::{Overloaded, Place};
use crate::server::state::AppState;

/// The turns of one server.
pub struct Turns(Arc<Semaphore>);

/// Small enough to keep the wait of other requests short, and large enough to finish a crowd soon.
const TURNS_A_THREAD: usize = 4;

impl Turns {
    pub fn new() -> Self {
        let threads = available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Semaphore::new(threads * TURNS_A_THREAD)))
    }

    /// Takes a turn for a request to a public door, if one is free.
    pub fn take(&self) -> bool {
        Arc::clone(&self.0).try_acquire_owned().map(pass_on).is_ok()
    }

    /// Makes such a request wait for its turn, before any work for it.
    ///
    /// # Errors
    /// [`Overloaded`] when its turn has come, if it waited in vain: it has nothing but its head then.
    pub async fn wait(&self, state: &AppState, request: &mut Request) -> Result<(), Overloaded> {
        let place = place_to_wait_with(state, request);
        if place.is_err() {
            drop_content(request);
        }
        if let Ok(turn) = Arc::clone(&self.0).acquire_owned().await {
            pass_on(turn);
        }
        place.map(drop)
    }
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

/// Drops all of a request but method, path and visit. Many waiting requests must not fill the memory with their headers,
/// nor with the buffers that hold those: a text from hyper is a slice of an 8 KiB buffer.
fn drop_content(request: &mut Request) {
    let (parts, _) = std::mem::take(request).into_parts();
    *request.method_mut() = parts.method;
    // It was parsed once already.
    *request.uri_mut() = Uri::try_from(parts.uri.path()).unwrap_or_default();
    if let Some(visit) = Visit::find(&parts.extensions) {
        request.extensions_mut().insert(visit.clone());
    }
}
