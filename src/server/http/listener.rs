//! Accepts connections, limits what each can cost, and closes them in order.
//!
//! It has its own loop because `axum::serve` 0.8 gives hyper no timer. Without a timer, a client that never finishes its
//! header holds a connection for ever. HTTP/1.1 only: a reverse proxy speaks HTTP/2 to browsers and HTTP/1.1 to us.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures::FutureExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tracing::{info, warn};

use super::front_door::FrontDoor;
use super::joined_writes::JoinedWrites;
use super::limits::Limits;
use super::visit::Visit;

/// Bytes of header that hyper buffers: four times what `body.rs` accepts, so that most clients get our own answer.
const BUFFER_BYTES: usize = 64 * 1024;
/// After the signal to stop: the time to read requests that have already arrived.
const READ_PAUSE: Duration = Duration::from_millis(100);
/// The pause after a failed accept. The usual cause is that no file descriptor is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`, then finishes the open requests.
pub async fn serve(listener: TcpListener, door: FrontDoor, limits: Limits, shutdown: impl Future<Output = ()>) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            () = &mut shutdown => break,
        };
        if let Some((stream, peer, permit)) = accepted {
            serve_connection(stream, peer, permit, door.clone(), limits, &graceful);
        }
    }
    // A client that is connected by now is served; a later one is refused.
    while let Some(Some((stream, peer, permit))) = accept(&listener, &permits).now_or_never() {
        serve_connection(stream, peer, permit, door.clone(), limits, &graceful);
    }
    drop(listener);
    // hyper closes a connection from which it has read nothing, so what has arrived is read first.
    tokio::time::sleep(READ_PAUSE).await;
    tokio::select! {
        () = graceful.shutdown() => info!("All requests were answered"),
        () = tokio::time::sleep(limits.drain_time) => warn!("Some requests took too long and were cut"),
    }
}

async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer.ip(), permit)),
        Err(error) => {
            warn!(%error, "A connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

fn serve_connection(
    stream: TcpStream,
    peer: IpAddr,
    permit: OwnedSemaphorePermit,
    door: FrontDoor,
    limits: Limits,
    graceful: &GracefulShutdown,
) {
    // Without it the last part of an answer can wait 40 ms for an acknowledgement. A failure to set it costs only that.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(JoinedWrites(stream));
    stream.set_write_timeout(Some(limits.write_time));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(to_body);
        request.extensions_mut().insert(Visit::begin(peer));
        let door = door.clone();
        async move { Ok::<_, Infallible>(door.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        // The client caused this error: it closed the connection, was too slow, or did not speak HTTP.
        let _ = connection.await;
        drop(permit);
    });
}

/// Most requests have no body; an empty one needs no memory.
fn to_body(body: Incoming) -> Body {
    if body.is_end_stream() { Body::empty() } else { Body::new(body) }
}
