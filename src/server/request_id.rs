//! The id of the request that this thread is working on. Every line of the log has it, and so has the answer.
//!
//! A thread works on one request at a time, from one poll of its future to the next, and [`within`] says so. A span of
//! `tracing` would say the same; it costs each request about a microsecond, whether a line is logged or not. Therefore
//! there is a span only where traces are sent (`traces.rs`).

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tracing::{Instrument as _, Span, info_span};

use crate::server::world::World;
use crate::traces;

/// Characters of the longest id that is accepted: a UUID, a trace id, and what proxies put around them.
const MAX_LENGTH: usize = 64;
/// Random bytes of an id that we make: 16 characters.
const RANDOM: usize = 12;
/// Ids for which random bytes are drawn at once.
const AT_ONCE: usize = 64;

/// An id: letters, digits, `-`, `_` and `.`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    text: [u8; MAX_LENGTH],
    length: usize,
}

thread_local! {
    static CURRENT: Cell<Option<RequestId>> = const { Cell::new(None) };
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { bytes: [0; RANDOM * AT_ONCE], used: AT_ONCE }) };
}

/// Random bytes, and for how many ids they were used.
struct Drawn {
    bytes: [u8; RANDOM * AT_ONCE],
    used: usize,
}

impl RequestId {
    /// Makes an id at random.
    #[must_use]
    pub fn random(world: &World) -> Self {
        let mut id = Self { text: [0; MAX_LENGTH], length: 0 };
        DRAWN.with_borrow_mut(|drawn| {
            if drawn.used == AT_ONCE {
                *drawn = Drawn { bytes: world.random_bytes(), used: 0 };
            }
            let bytes = &drawn.bytes[drawn.used * RANDOM..][..RANDOM];
            drawn.used += 1;
            // 12 bytes are 16 characters, and there is room for 64.
            id.length = URL_SAFE_NO_PAD.encode_slice(bytes, &mut id.text).unwrap_or_default();
        });
        id
    }

    /// Accepts an id that a proxy made, if it is short and plain.
    #[must_use]
    pub fn parse(id: &[u8]) -> Option<Self> {
        let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        if !(1..=MAX_LENGTH).contains(&id.len()) || !id.iter().all(safe) {
            return None;
        }
        let mut text = [0; MAX_LENGTH];
        text[..id.len()].copy_from_slice(id);
        Some(Self { text, length: id.len() })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        // An id is ASCII.
        std::str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Returns the id of the request that this thread is working on.
#[must_use]
pub fn current() -> Option<RequestId> {
    CURRENT.get()
}

/// Runs a future as work for the request with this id.
pub async fn within<F: Future>(id: RequestId, work: F) -> F::Output {
    let span = if traces::are_sent() { info_span!("request", %id) } else { Span::none() };
    let mut work = pin!(work);
    poll_fn(move |context| {
        let _left = Left(CURRENT.replace(Some(id)));
        span.in_scope(|| work.as_mut().poll(context))
    })
    .await
}

/// Returns a future that is work for the present request wherever it runs: for a task of its own.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let (id, work) = (current(), work.in_current_span());
    async move {
        match id {
            Some(id) => within(id, work).await,
            None => work.await,
        }
    }
}

/// What the thread was working on before. Dropping it says so again, also after a panic.
struct Left(Option<RequestId>);

impl Drop for Left {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_all_different_on_all_threads() {
        let world = World::system();
        let ids = || (0..200).map(|_| RequestId::random(&world).to_string()).collect::<Vec<_>>();
        let (one, other) = std::thread::scope(|scope| (scope.spawn(ids).join().unwrap(), ids()));
        let all: HashSet<_> = one.iter().chain(&other).collect();
        assert_eq!(all.len(), 400);
        assert!(all.iter().all(|id| id.len() == 16));
    }

    #[tokio::test]
    async fn work_has_its_own_id_whatever_runs_between_and_a_task_keeps_that_of_its_request() {
        let id = |text: &str| RequestId::parse(text.as_bytes()).unwrap();
        let work = |text: &'static str| {
            within(id(text), async move {
                for _ in 0..3 {
                    assert_eq!(current().unwrap().to_string(), text);
                    tokio::task::yield_now().await;
                }
                tokio::spawn(carried(async { current().unwrap().to_string() })).await.unwrap()
            })
        };
        let both = futures::future::join(work("one"), work("other")).await;
        assert_eq!(both, ("one".to_owned(), "other".to_owned()));
        assert!(current().is_none());
    }
}
