//! What a connection and its requests can cost.

use std::time::Duration;

/// The limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time from a new connection, or from the last answer, to a whole header. It limits slow headers and idle
    /// connections.
    pub header_time: Duration,
    /// The time that a client has to send a body; `body.rs` enforces it.
    pub body_time: Duration,
    /// The time for which the server writes to a client that does not read.
    pub write_time: Duration,
    /// The most connections at a time; the next one waits until it is accepted.
    pub connections: usize,
    /// The time that open requests have after the signal to stop.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(15),
            write_time: Duration::from_secs(30),
            connections: 12_000,
            drain_time: Duration::from_secs(8),
        }
    }
}
