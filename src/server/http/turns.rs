//! Strangers take turns, so that a crowd of them does not hold up those who are signed in.
//!
//! What a stranger asks for costs some ten microseconds at least, and a page some hundred: five hundred who ask at once are that
//! much work before anybody else's turn. So only as many go on as there are threads, and the next ones when these threads
//! have seen what else has come. It is an order and bounds nobody's rate; `flows::throttle` does.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use super::cookies::device_cookie;
use super::error::HttpError;
use super::guard::{asks_for_a_page, is_public};
use crate::api_types::ApiError;
use crate::server::state::AppState;

/// The turns of one server: one for each thread that serves.
#[derive(Clone)]
pub struct Turns(Arc<Semaphore>);

impl Turns {
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(available_parallelism().map_or(1, NonZero::get))))
    }
}

/// Lets a request to a public door wait for its turn, before much is done for it.
pub async fn take_turns(
    State((state, Turns(turns))): State<(AppState, Turns)>,
    request: Request,
    next: Next,
) -> Response {
    if is_public(request.method(), request.uri().path()) {
        let turn = match Arc::clone(&turns).try_acquire_owned() {
            Ok(turn) => Ok(turn),
            Err(_) if would_wait_in_vain(&state, &request) => return HttpError(ApiError::Overloaded).into_response(),
            Err(_) => turns.acquire_owned().await,
        };
        tokio::spawn(async move {
            // tokio goes on here when it has run all that is ready and has asked for news of all connections; until then
            // nobody else gets this turn.
            yield_now().await;
            drop(turn);
        });
    }
    next.run(request).await
}

/// Whether a request would only hear, when its turn comes, that nobody can hash its password. Told at once, a crowd of such does
/// not gather in memory. A browser that may be known waits, as places are kept for it; and so does a form that was posted
/// without the program, which must be led back to its page.
fn would_wait_in_vain(state: &AppState, request: &Request) -> bool {
    *request.method() == Method::POST
        && ["/login", "/api/login"].contains(&request.uri().path())
        && !asks_for_a_page(request.headers())
        && device_cookie(state, request.headers()).is_none()
        && state.hash_pool.place().is_err()
}
