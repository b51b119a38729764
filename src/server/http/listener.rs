//! Accepts connections, limits what each can cost, and closes them in order.
//!
//! It has its own loop because `axum::serve` 0.8 has no limits: a client that never finishes its header holds a connection
//! for ever. HTTP/1.1 only: a reverse proxy speaks HTTP/2 to browsers and HTTP/1.1 to us.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures::FutureExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{info, warn};

use super::connections::{Connections, NotedStream};
use super::front_door::FrontDoor;
use super::joined_writes::JoinedWrites;
use super::limits::Limits;
use super::visit::Visit;

/// Bytes of header that hyper buffers: four times what `body.rs` accepts, so that most clients get our own answer.
const BUFFER_BYTES: usize = 64 * 1024;
/// After the signal to stop: the time to read requests that have already arrived.
const READ_PAUSE: Duration = Duration::from_millis(100);
/// After the signal to stop: the time for which idle connections stay open, for one more request each. A proxy that closes its
/// idle connections sooner never sends a request at the moment at which the server closes one. It could not repeat a POST
/// elsewhere: it cannot know whether that was carried out.
const IDLE_TIME: Duration = Duration::from_secs(1);
/// The pause after a failed accept. The usual cause is that no file descriptor is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`, then finishes the open requests.
pub async fn serve(listener: TcpListener, door: FrontDoor, limits: Limits, shutdown: impl Future<Output = ()>) {
    let connections = Connections::new(limits);
    tokio::select! {
        () = serve_all(listener, door, limits, shutdown, &connections) => {}
        () = connections.watch() => {}
    }
}

async fn serve_all(
    listener: TcpListener,
    door: FrontDoor,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
    connections: &Connections,
) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            () = &mut shutdown => break,
        };
        if let Some((stream, peer, permit)) = accepted {
            serve_connection(stream, peer, permit, door.clone(), connections);
        }
    }
    connections.let_go();
    // A client that is connected by now is served; a later one is refused.
    while let Some(Some((stream, peer, permit))) = accept(&listener, &permits).now_or_never() {
        serve_connection(stream, peer, permit, door.clone(), connections);
    }
    drop(listener);
    let finish = async {
        // hyper closes a connection from which it has read nothing, so what has arrived is read first.
        tokio::time::sleep(READ_PAUSE).await;
        tokio::select! { () = connections.all_closed() => {}, () = tokio::time::sleep(IDLE_TIME) => {} }
        connections.finish().await;
    };
    tokio::select! {
        () = finish => info!("All requests were answered"),
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
    connections: &Connections,
) {
    // Without it the last part of an answer can wait 40 ms for an acknowledgement. A failure to set it costs only that.
    let _ = stream.set_nodelay(true);
    let connection = connections.open();
    let note = connection.note();
    let stream = NotedStream::new(JoinedWrites(stream), note.clone());
    // For each connection, because its requests clone it: threads that count clones in one place wait for each other.
    let door_and_note = Arc::new((door, note));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        door_and_note.1.answering();
        let mut request = request.map(to_body);
        request.extensions_mut().insert(Visit::begin(peer));
        let door_and_note = Arc::clone(&door_and_note);
        async move {
            let (door, note) = &*door_and_note;
            Ok::<_, Infallible>(note.answered(door.answer(request).await))
        }
    });
    tokio::spawn(async move {
        let serving = http1::Builder::new()
            .max_buf_size(BUFFER_BYTES)
            // `connections` has the limits of time.
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(stream), service);
        connection.serve(pin!(serving), http1::Connection::graceful_shutdown).await;
        drop(permit);
    });
}

/// Most requests have no body; an empty one needs no memory.
fn to_body(body: Incoming) -> Body {
    if body.is_end_stream() { Body::empty() } else { Body::new(body) }
}
