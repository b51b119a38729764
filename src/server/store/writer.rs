//! Group commit: the writes of many requests at the same time go into one transaction, with one fsync.
//!
//! One task writes. While it waits for the disk, requests queue up; then it takes all of them at once. Each request
//! waits until its own write is durable, and gets only its own error.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::blocklist::Numbers as _;
use super::checkpoints::Checkpoints;
use super::endings::Endings;
use super::error::StoreError;
use super::events;
use super::lock_order::{self, Attempt};
use super::many_rows::parts;
use super::pool::{Pool, in_transaction};
use super::queue::{Job, MAX_BATCH, Queue, Start, Write, Written};
use super::sessions::{END_REUSED, REISSUE, ROTATE, end};
use super::throttle::{FAMILIAR, FORGET};
use super::uses::{self, Used, Uses};
use crate::server::domain::unix_time::UnixTime;

/// Starts the task; it ends with the queue that leads to it.
pub(super) fn start(pool: Pool, uses: Arc<Uses>) -> Queue {
    let (queue, jobs) = Queue::new();
    let checkpoints = match &pool {
        Pool::Sqlite { pool, .. } => Some(Checkpoints::start(pool.clone())),
        Pool::Postgres(_) => None,
    };
    tokio::spawn(Writer { pool, uses, checkpoints }.work(jobs));
    queue
}

struct Writer {
    pool: Pool,
    uses: Arc<Uses>,
    checkpoints: Option<Checkpoints>,
}

impl Writer {
    async fn work(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(MAX_BATCH);
        loop {
            // Uses are written with the next write that comes, or after a pause.
            tokio::select! {
                biased;
                received = queue.recv_many(&mut jobs, MAX_BATCH) => if received == 0 { break },
                () = self.uses.due() => {}
            }
            let uses = self.uses.first();
            let (writes, listeners): (Vec<_>, Vec<_>) = jobs.drain(..).map(|job| (job.write, job.done)).unzip();
            match self.attempt(&uses, &writes).await {
                Ok(written) => listeners.into_iter().zip(written).for_each(|(done, written)| tell(done, Ok(written))),
                // Nothing can be written: none is tried again, each alone would wait as long.
                Err(error) if error.is_of_connection() => {
                    warn!(%error, writes = writes.len(), "The store cannot be reached");
                    for done in listeners {
                        tell(done, Err(StoreError::Unreachable));
                    }
                }
                // One of them made all fail, or nothing can be written. Try each alone to find out which. Those that
                // were committed after all find their work done.
                Err(_) if writes.len() > 1 || !(uses.is_empty() || writes.is_empty()) => {
                    if let Err(error) = self.attempt(&uses, &[]).await {
                        tell(None, Err(error));
                    }
                    for (write, done) in writes.iter().zip(listeners) {
                        tell(done, self.attempt_alone(write).await);
                    }
                }
                Err(error) => tell(listeners.into_iter().next().flatten(), Err(error)),
            }
            self.uses.forget(uses.len());
            if let Some(checkpoints) = &mut self.checkpoints {
                checkpoints.count(uses.len() + writes.len());
            }
        }
    }

    async fn attempt_alone(&self, write: &Write) -> Result<Written, StoreError> {
        let written = self.attempt(&[], std::slice::from_ref(write)).await?;
        written.into_iter().next().ok_or(StoreError::Closed)
    }

    /// Writes all of them in one transaction. Returns the results in the same order.
    ///
    /// Uses come before what may change the same sessions. The requests come at the same time, so the order of their writes
    /// is free: `lock_order` has it, and sign-outs are the last, all together.
    async fn attempt(&self, uses: &[Used], writes: &[Write]) -> Result<Vec<Written>, StoreError> {
        if uses.is_empty() && writes.is_empty() {
            return Ok(Vec::new());
        }
        let endings = Endings::of(writes);
        let written = in_transaction!(self, |transaction| {
            let mut written = vec![Written::Rows(0); writes.len()];
            // Those of other sessions, so they may come first.
            for (place, start) in lock_order::starts(writes) {
                let done = start_session(start, self.pool.start()).execute(&mut *transaction).await?;
                events::of_sessions(&[(start.session.id, &start.event)]).execute(&mut *transaction).await?;
                written[place] = Written::Rows(done.rows_affected());
            }
            if matches!(self.pool, Pool::Postgres(_)) {
                for part in parts(&lock_order::sessions(uses, writes)) {
                    lock_order::lock(part).execute(&mut *transaction).await?;
                }
            }
            for round in uses::rounds(uses) {
                for part in parts(&round) {
                    uses::note(part).execute(&mut *transaction).await?;
                }
            }
            for (place, write) in writes.iter().enumerate() {
                match write {
                    Write::Rotate { .. } | Write::Reissue { .. } => {
                        let done = change(write).execute(&mut *transaction).await?;
                        written[place] = Written::Rows(done.rows_affected());
                    }
                    Write::CountTry(tried) => {
                        if let Some((event, user)) = &tried.event {
                            events::of_user(event, *user).execute(&mut *transaction).await?;
                        }
                        written[place] = Written::Counted(vec![tried.now; tried.counts.len()]);
                    }
                    // Above, and below.
                    Write::StartSession(_)
                    | Write::EndSession(_)
                    | Write::BlockToken { .. }
                    | Write::ForgetTries { .. }
                    | Write::Familiar { .. }
                    | Write::Nothing => {}
                }
            }
            for attempt in lock_order::attempts(writes) {
                match attempt {
                    Attempt::Count { place, index, count, now } => {
                        let (empty_at,): (i64,) = count.query(now).fetch_one(&mut *transaction).await?;
                        if let Written::Counted(counted) = &mut written[place] {
                            counted[index] = UnixTime(empty_at);
                        }
                    }
                    Attempt::Forget { key } => {
                        sqlx::query(FORGET).bind(key.to_string()).execute(&mut *transaction).await?;
                    }
                }
            }
            for network in lock_order::networks(writes) {
                change(network).execute(&mut *transaction).await?;
            }
            // First, because they refer to rows that will be removed.
            for part in parts(&endings.events) {
                events::of_sessions(part).execute(&mut *transaction).await?;
            }
            let mut ended = HashMap::new();
            for (id, at) in &endings.reused {
                let end = sqlx::query_as(END_REUSED).bind(id.to_string()).bind(at.0);
                let row: Option<(i64,)> = end.fetch_optional(&mut *transaction).await?;
                ended.extend(row.map(|(last,)| (id.to_string(), last)));
            }
            for part in parts(&endings.sessions) {
                ended.extend(end(part).fetch_all(&mut *transaction).await?);
            }
            if !endings.is_empty() {
                let mut entries = endings.entries(&ended);
                let seq = transaction.insert_numbered(&mut entries).await?;
                for (at, entry) in endings.places.iter().zip(&entries) {
                    written[*at] = Written::Blocked { seq, keep_until: entry.keep_until };
                }
            }
            written
        });
        Ok(written)
    }
}

fn tell(done: Option<oneshot::Sender<Result<Written, StoreError>>>, result: Result<Written, StoreError>) {
    match done {
        // Fails only if the caller has gone.
        Some(done) => _ = done.send(result),
        None => {
            if let Err(error) = result {
                warn!(%error, "A row without an acknowledgement could not be written");
            }
        }
    }
}

/// Returns the statement of a write that needs only one.
fn change<'q, D>(write: &Write) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    Option<String>: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    match write {
        Write::Rotate { id, from, token_id, token_expires_at, now } => sqlx::query(ROTATE)
            .bind(id.to_string())
            .bind(i64::from(from.0))
            .bind(i64::from(from.next().0))
            .bind(now.0)
            .bind(token_id.to_string())
            .bind(token_expires_at.0),
        Write::Reissue { id, generation, token_expires_at } => {
            sqlx::query(REISSUE).bind(id.to_string()).bind(i64::from(generation.0)).bind(token_expires_at.0)
        }
        Write::Familiar { key, seen_at, unless_since } => {
            sqlx::query(FAMILIAR).bind(key.to_string()).bind(seen_at.0).bind(unless_since.0)
        }
        Write::StartSession(_) | Write::EndSession(_) | Write::BlockToken { .. } => {
            unreachable!("they have statements of their own")
        }
        Write::Nothing => unreachable!("it needs no statement"),
        Write::CountTry(_) | Write::ForgetTries { .. } => unreachable!("they are several, in the order of their keys"),
    }
}

/// `statement`: of [`Pool::start`].
fn start_session<'q, D>(start: &Start, statement: &'static str) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    let Start { session, token_id, token_expires_at, verified, roles, .. } = start;
    sqlx::query(statement)
        .bind(session.id.to_string())
        .bind(session.user_id.to_string())
        .bind(session.started_at.0)
        .bind(session.expires_at.0)
        .bind(verified.as_stored().to_owned())
        .bind(session.kind.as_str().to_owned())
        .bind(token_id.to_string())
        .bind(token_expires_at.0)
        .bind(session.origin.device.clone())
        .bind(session.origin.address.clone())
        .bind(session.additional.to_json())
        .bind(roles.to_string())
        .bind(session.methods.to_string())
}
