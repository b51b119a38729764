//! Sends a short answer with one plain write.
//!
//! hyper gives the header and the body of an answer as two parts. The system takes several parts in one call too, but it
//! needs longer for that than a copy of a few hundred bytes takes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes of the longest answer that is joined: most JSON with its header.
const SHORT: usize = 1024;

/// A connection that joins the parts of a short write.
pub struct JoinedWrites(pub TcpStream);

impl AsyncWrite for JoinedWrites {
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.get_mut().0);
        let mut joined = [0; SHORT];
        let mut length = 0;
        for part in parts {
            let Some(room) = joined.get_mut(length..length + part.len()) else {
                return stream.poll_write_vectored(context, parts);
            };
            room.copy_from_slice(part);
            length += part.len();
        }
        stream.poll_write(context, &joined[..length])
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(context)
    }
}

impl AsyncRead for JoinedWrites {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(context, to)
    }
}
