//! Strangers take turns, so that a crowd of them does not hold up those who are signed in.
//!
//! What a stranger asks for costs some ten microseconds at least, and a page some hundred: five hundred who ask at once are that
//! much work before anybody else's turn. So only as many go on as there are threads, and the next ones when these threads
//! have seen what else has come. It is an order and bounds nobody's rate; `flows::throttle` does.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use super::guard::is_public;

/// The turns of one server: one for each thread that serves.
#[derive(Clone)]
pub struct Turns(Arc<Semaphore>);

impl Turns {
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(available_parallelism().map_or(1, NonZero::get))))
    }
}

/// Lets a request to a public door wait for its turn, before anything is done for it.
pub async fn take_turns(State(turns): State<Turns>, request: Request, next: Next) -> Response {
    // Never closed.
    if is_public(request.method(), request.uri().path())
        && let Ok(turn) = turns.0.acquire_owned().await
    {
        tokio::spawn(async move {
            // tokio goes on here when it has run all that is ready and has asked for news of all connections; until then
            // nobody else gets this turn.
            yield_now().await;
            drop(turn);
        });
    }
    next.run(request).await
}
