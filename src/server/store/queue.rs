//! The queue of writes for the task in `writer.rs`: what each write is, and its result.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::error::StoreError;
use crate::server::domain::ids::{SessionId, ThrottleKey, TokenId, UserId};
use crate::server::domain::password::PasswordHash;
use crate::server::domain::refresh_token::Generation;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::session::Session;
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::user::Roles;

/// The most writes in one transaction: limited, so that no request waits for a large number of others.
pub(super) const MAX_BATCH: usize = 256;
/// The most writes in the queue. If it is full, requests wait for a place in it.
const QUEUE: usize = 1024;
/// Places that notes leave free. No request waits for a note, so it must not delay a sign-out, and is dropped first.
const LEFT_FREE: usize = MAX_BATCH;

/// A change of the tables that requests make often.
pub(super) enum Write {
    StartSession(Box<Start>),
    Rotate {
        id: SessionId,
        from: Generation,
        token_id: TokenId,
        token_expires_at: UnixTime,
        now: UnixTime,
    },
    Reissue {
        id: SessionId,
        generation: Generation,
        token_expires_at: UnixTime,
    },
    EndSession(Box<End>),
    BlockToken {
        id: TokenId,
        keep_until: UnixTime,
    },
    CountTry(Box<FailedTry>),
    ForgetTries {
        key: ThrottleKey,
    },
    Familiar {
        key: ThrottleKey,
        seen_at: UnixTime,
        unless_since: UnixTime,
    },
    /// Waits until what came before is written.
    Nothing,
}

/// A session begins.
pub(super) struct Start {
    pub session: Session,
    pub token_id: TokenId,
    pub token_expires_at: UnixTime,
    pub verified: PasswordHash,
    pub roles: Roles,
    pub event: NewEvent,
}

/// A session ends.
pub(super) struct End {
    pub id: SessionId,
    pub reused_at: Option<UnixTime>,
    pub at_least_until: UnixTime,
    pub leeway: Duration,
    pub event: NewEvent,
}

/// A failed attempt, for one of its buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryCount {
    pub key: ThrottleKey,
    /// The time in which one attempt leaves the bucket.
    pub fade: Duration,
    /// When the next attempt is allowed.
    pub next_at: UnixTime,
}

/// An attempt failed. It is always one write, whatever it counts and whether its account exists, so that the time until
/// it is durable shows nothing.
pub(super) struct FailedTry {
    pub counts: Vec<TryCount>,
    pub now: UnixTime,
    /// The event for the user of the account.
    pub event: Option<(NewEvent, UserId)>,
}

/// The result of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// The number of changed rows.
    Rows(u64),
    /// The number of the new row in the blocklist, and how long it is kept.
    Blocked { seq: i64, keep_until: UnixTime },
    /// When each bucket of an attempt will be empty.
    Counted(Vec<UnixTime>),
}

impl Written {
    pub(super) const fn rows(&self) -> u64 {
        match self {
            Self::Rows(rows) => *rows,
            Self::Blocked { .. } | Self::Counted(_) => 1,
        }
    }
}

/// A write in the queue.
pub(super) struct Job {
    pub write: Write,
    /// `None` for a note: no request waits for its result.
    pub done: Option<oneshot::Sender<Result<Written, StoreError>>>,
}

/// The queue to the task that writes.
pub(super) struct Queue(mpsc::Sender<Job>);

impl Queue {
    /// Returns a queue, and the end from which the task takes the writes.
    pub(super) fn new() -> (Self, mpsc::Receiver<Job>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    /// Writes. Durable when this returns.
    pub(super) async fn write(&self, write: Write) -> Result<Written, StoreError> {
        let (done, doing) = oneshot::channel();
        self.0.send(Job { write, done: Some(done) }).await.map_err(|_| StoreError::Closed)?;
        doing.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes soon, without waiting, if there is room.
    pub(super) fn note(&self, write: Write) {
        if self.0.capacity() > LEFT_FREE {
            // Fails only while the process stops.
            let _ = self.0.try_send(Job { write, done: None });
        }
    }
}
