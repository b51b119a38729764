//! The order in which transactions of the writer lock rows, so that those of several processes never wait for each other in a
//! circle: PostgreSQL looks for such a circle only after a second, and then makes one of them fail.
//!
//! First users by their ids, then sessions by their ids, then attempts by their keys, then networks by their keys, and last the
//! counter of the blocklist.
//! SQLite has one writer at a time.

use std::sync::LazyLock;

use sqlx::query::Query;

use super::administrators::is_administrator;
use super::many_rows::ManyRows;
use super::queue::{FailedTry, Start, TryCount, Write};
use super::uses::Used;
use crate::server::domain::ids::{ThrottleKey, UserId};
use crate::server::domain::unix_time::UnixTime;

/// The order of bytes, as that of [`sessions`]: the database may have other rules for texts.
static LOCK: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new("SELECT id FROM sessions WHERE id IN (VALUES ", 1, ") ORDER BY id COLLATE \"C\" FOR UPDATE")
});

/// Locks a user, or all administrators too, against changes and new sessions. It does not hinder events about them.
const LOCK_USERS: &str = concat!(
    "SELECT id FROM users WHERE id = $1 OR ($2 AND ",
    is_administrator!(),
    ") ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE"
);
const LOCK_SESSIONS_OF: &str = "SELECT id FROM sessions WHERE user_id = $1 ORDER BY id COLLATE \"C\" FOR UPDATE";

/// Returns the sessions that start, by their users, each with the place of its write among all.
pub(super) fn starts(writes: &[Write]) -> Vec<(usize, &Start)> {
    let starts = writes.iter().enumerate().filter_map(|(place, write)| match write {
        Write::StartSession(start) => Some((place, start.as_ref())),
        _ => None,
    });
    let mut starts: Vec<_> = starts.collect();
    starts.sort_by_cached_key(|(_, start)| start.session.user_id.to_string());
    starts
}

/// Returns the statement that locks a user; `administrators`: and all administrators.
pub(super) fn lock_users<'q, D>(user: UserId, administrators: bool) -> Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    bool: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(LOCK_USERS).bind(user.to_string()).bind(administrators)
}

/// Returns the statement that locks all sessions of a user.
pub(super) fn lock_sessions_of<'q, D>(user: UserId) -> Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(LOCK_SESSIONS_OF).bind(user.to_string())
}

/// Returns the sessions that these uses and writes change, in order. None, if one statement locks all.
pub(super) fn sessions(uses: &[Used], writes: &[Write]) -> Vec<String> {
    let changed = writes.iter().filter_map(|write| match write {
        Write::Rotate { id, .. } | Write::Reissue { id, .. } => Some(*id),
        Write::EndSession(end) => Some(end.id),
        _ => None,
    });
    let mut ids: Vec<_> = uses.iter().map(|used| used.id).chain(changed).map(|id| id.to_string()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() < 2 {
        ids.clear();
    }
    ids
}

/// Returns the statement that locks sessions, one of the [`parts`](super::many_rows::parts).
pub(super) fn lock<'q, D>(ids: &[String]) -> Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    let (lock, rows) = LOCK.of(ids);
    rows.fold(sqlx::query(lock), |lock, id| lock.bind(id.clone()))
}

/// A change of the attempts.
pub(super) enum Attempt<'w> {
    /// `place`: that of the write among all; `index`: that of the count in it.
    Count {
        place: usize,
        index: usize,
        count: &'w TryCount,
        now: UnixTime,
    },
    Forget {
        key: ThrottleKey,
    },
}

/// Returns all changes of the attempts, in order. Those of one key stay as they came.
pub(super) fn attempts(writes: &[Write]) -> Vec<Attempt<'_>> {
    let mut attempts = Vec::new();
    for (place, write) in writes.iter().enumerate() {
        match write {
            Write::CountTry(tried) => {
                let FailedTry { counts, now, .. } = tried.as_ref();
                let count = |(index, count)| Attempt::Count { place, index, count, now: *now };
                attempts.extend(counts.iter().enumerate().map(count));
            }
            Write::ForgetTries { key } => attempts.push(Attempt::Forget { key: *key }),
            _ => {}
        }
    }
    attempts.sort_by_cached_key(|attempt| match attempt {
        Attempt::Count { count: TryCount { key, .. }, .. } | Attempt::Forget { key } => key.to_string(),
    });
    attempts
}

/// Returns the networks that were seen, in order.
pub(super) fn networks(writes: &[Write]) -> Vec<&Write> {
    let mut seen: Vec<_> = writes.iter().filter_map(|write| Some((network_of(write)?, write))).collect();
    seen.sort_by(|(one, _), (other, _)| one.cmp(other));
    seen.into_iter().map(|(_, write)| write).collect()
}

fn network_of(write: &Write) -> Option<String> {
    match write {
        Write::Familiar { key, .. } => Some(key.to_string()),
        _ => None,
    }
}
