//! The open connections of a listener: how long each can make the server wait, and how all are told to end.
//!
//! hyper has timers for this. It makes, starts and removes one for every request, which is a twentieth of the work for a
//! short answer. Here a request notes only what its connection does since which tick of a clock, and [`Connections::watch`]
//! looks at all connections at every tick.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::response::Response;
use futures::StreamExt as _;
use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use super::limits::Limits;

/// A limit is this many ticks, so it is exceeded by a tenth at most.
const TICKS: u32 = 10;

/// All open connections. Cloning this clones a pointer.
#[derive(Clone)]
pub struct Connections(Arc<Shared>);

struct Shared {
    tick: Duration,
    /// In ticks.
    header_time: u32,
    write_time: u32,
    /// The tick of the clock.
    now: AtomicU32,
    /// Every answer is the last on its connection.
    stopping: AtomicBool,
    open: Mutex<Open>,
    /// The last connection has closed.
    all_closed: Notify,
}

#[derive(Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Arc<Noted>>,
}

/// What a connection does, and what it was told.
struct Noted {
    all: Connections,
    /// The tick since which it is so, then [`ANSWERING`] and [`STALLED`]. Only the task of the connection changes it.
    doing: AtomicU64,
    told: AtomicU8,
    waker: AtomicWaker,
}

/// A request was read, and its answer is not complete. Then the server waits for itself, without a limit.
const ANSWERING: u64 = 1;
/// The client does not read what the server writes.
const STALLED: u64 = 2;
const FLAGS: u32 = 2;

/// Told to finish the request that has begun, and to close then.
const FINISH: u8 = 1;
/// Told to close at once.
const CUT: u8 = 2;

/// A connection, for its task. It is open until this is dropped.
pub struct Connection {
    number: u64,
    noted: Arc<Noted>,
}

/// The stream of a connection, whose writes are noted.
pub struct NotedStream<S> {
    stream: S,
    note: Note,
}

/// Notes what a connection does. Requests clone it, so it counts only the clones of its own connection: threads that count in
/// one place wait for each other.
#[derive(Clone)]
pub struct Note(Arc<Noted>);

impl Connections {
    pub fn new(limits: Limits) -> Self {
        let tick = (limits.header_time.min(limits.write_time) / TICKS).max(Duration::from_millis(1));
        let ticks = |time: Duration| u32::try_from(time.as_nanos().div_ceil(tick.as_nanos())).unwrap_or(u32::MAX);
        Self(Arc::new(Shared {
            tick,
            header_time: ticks(limits.header_time),
            write_time: ticks(limits.write_time),
            now: AtomicU32::new(0),
            stopping: AtomicBool::new(false),
            open: Mutex::default(),
            all_closed: Notify::new(),
        }))
    }

    /// Opens a connection, which waits for its first request.
    pub fn open(&self) -> Connection {
        let noted = Arc::new(Noted {
            all: self.clone(),
            doing: AtomicU64::new(0),
            told: AtomicU8::new(0),
            waker: AtomicWaker::new(),
        });
        let mut open = self.0.open();
        let number = open.next;
        open.next += 1;
        open.connections.insert(number, Arc::clone(&noted));
        drop(open);
        let connection = Connection { number, noted };
        connection.note().waiting();
        connection
    }

    /// Lets the clock tick, and cuts the connections that make the server wait for too long. Never ends.
    pub async fn watch(&self) {
        let mut ticks = interval(self.0.tick);
        // After a pause of the process, the clients get their time too.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = self.0.now.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
            for connection in self.0.open().connections.values() {
                if self.0.is_late(connection.doing.load(Ordering::Relaxed), now) {
                    connection.tell(CUT);
                }
            }
        }
    }

    /// From now on, every answer says that its connection closes.
    pub fn let_go(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Lets all connections finish their requests. Returns when they are closed.
    pub async fn finish(&self) {
        self.0.open().connections.values().for_each(|connection| connection.tell(FINISH));
        self.all_closed().await;
    }

    /// Returns when all connections are closed.
    pub async fn all_closed(&self) {
        loop {
            let closed = self.0.all_closed.notified();
            if self.0.open().connections.is_empty() {
                return;
            }
            closed.await;
        }
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_late(&self, doing: u64, now: u32) -> bool {
        let since = u32::try_from(doing >> FLAGS).unwrap_or(u32::MAX);
        // The clock may have ticked just after the beginning, so one tick more than a limit is the limit.
        let waited = now.wrapping_sub(since);
        match (doing & STALLED != 0, doing & ANSWERING != 0) {
            (true, _) => waited > self.write_time,
            (false, true) => false,
            (false, false) => waited > self.header_time,
        }
    }
}

impl Noted {
    fn tell(&self, what: u8) {
        self.told.fetch_max(what, Ordering::Release);
        self.waker.wake();
    }
}

impl Connection {
    pub fn note(&self) -> Note {
        Note(Arc::clone(&self.noted))
    }

    /// Serves until the connection closes, or until it is cut. `finish` lets it close after the request that has begun.
    pub async fn serve<C: Future>(self, mut serving: Pin<&mut C>, finish: impl Fn(Pin<&mut C>)) {
        // The waker of a task stays the same: what was registered once holds until it has woken.
        let mut seen = None;
        std::future::poll_fn(|context| {
            while seen != Some(self.noted.told.load(Ordering::Acquire)) {
                self.noted.waker.register(context.waker());
                let told = self.noted.told.load(Ordering::Acquire);
                seen = Some(told);
                match told {
                    CUT => return Poll::Ready(()),
                    FINISH => finish(serving.as_mut()),
                    _ => {}
                }
            }
            // The client caused its error: it closed the connection, or did not speak HTTP.
            serving.as_mut().poll(context).map(drop)
        })
        .await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let shared = &self.noted.all.0;
        let mut open = shared.open();
        open.connections.remove(&self.number);
        if open.connections.is_empty() {
            shared.all_closed.notify_waiters();
        }
    }
}

impl Note {
    /// A request was read.
    pub fn answering(&self) {
        self.0.doing.store(self.since_now() | ANSWERING, Ordering::Relaxed);
    }

    /// The answer is made. If its body is made while it is sent, the connection is answering until that ends.
    pub fn answered(&self, mut response: Response) -> Response {
        if self.0.all.0.stopping.load(Ordering::Relaxed) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if response.body().size_hint().exact().is_some() {
            self.waiting();
            return response;
        }
        let end = End(self.clone());
        response.map(|body| {
            Body::from_stream(body.into_data_stream().map(move |part| {
                let _until_it_is_dropped = &end;
                part
            }))
        })
    }

    /// The server waits for the next request.
    fn waiting(&self) {
        self.0.doing.store(self.since_now(), Ordering::Relaxed);
    }

    fn wrote<T>(&self, written: &Poll<io::Result<T>>) {
        let doing = self.0.doing.load(Ordering::Relaxed);
        let flags = doing & (ANSWERING | STALLED);
        let doing = match (written.is_pending(), flags & STALLED != 0) {
            // Since it began.
            (true, true) => return,
            (true, false) => self.since_now() | flags | STALLED,
            (false, _) => self.since_now() | (flags & ANSWERING),
        };
        self.0.doing.store(doing, Ordering::Relaxed);
    }

    fn since_now(&self) -> u64 {
        u64::from(self.0.all.0.now.load(Ordering::Relaxed)) << FLAGS
    }
}

/// Is dropped with the body of an answer.
struct End(Note);

impl Drop for End {
    fn drop(&mut self) {
        self.0.waiting();
    }
}

impl<S> NotedStream<S> {
    pub fn new(stream: S, note: Note) -> Self {
        Self { stream, note }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for NotedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note.wrote(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.note.wrote(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for NotedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, to)
    }
}

#[cfg(test)]
#[path = "connections_tests.rs"]
mod tests;
