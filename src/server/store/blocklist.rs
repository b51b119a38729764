//! The table `blocklist`: the durable half of a sign-out.

use super::pool::{Store, StoreError, on_pool};
use crate::server::domain::blocklist::Blocked;
use crate::server::domain::ids::{SessionId, TokenId};
use crate::server::domain::unix_time::UnixTime;

/// A row, as a process that follows the table needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub blocked: Blocked,
    pub keep_until: UnixTime,
    pub seq: i64,
}

/// The number of the next rows. Locks the counter until the transaction ends, so that numbers become visible in order:
/// whoever has seen row n will never miss one below it.
pub(super) const NEXT_SEQ: &str = "UPDATE counters SET value = value + 1 WHERE name = 'blocklist' RETURNING value";
/// Blocks a session.
pub(super) const INSERT: &str = "INSERT INTO blocklist (id, kind, keep_until, seq) VALUES ($1, 'session', $2, $3) \
                                 ON CONFLICT (id) DO NOTHING";
const SINCE: &str = "SELECT id, kind, keep_until, seq FROM blocklist WHERE seq > $1 ORDER BY seq";
const PURGE: &str = "DELETE FROM blocklist WHERE id IN (SELECT id FROM blocklist WHERE keep_until < $1 LIMIT $2)";

impl Store {
    /// The rows after number `seq`, in order; 0 for all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_blocked_since(&self, seq: i64) -> Result<Vec<Entry>, StoreError> {
        let rows: Vec<(String, String, i64, i64)> =
            on_pool!(self, |pool| sqlx::query_as(SINCE).bind(seq).fetch_all(pool).await?);
        rows.into_iter().map(entry).collect()
    }

    /// Removes rows whose time passed before `before`, at most `limit`; answers how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_blocklist(&self, before: UnixTime, limit: i64) -> Result<u64, StoreError> {
        Ok(on_pool!(self, |pool| sqlx::query(PURGE).bind(before.0).bind(limit).execute(pool).await?.rows_affected()))
    }
}

fn entry((id, kind, keep_until, seq): (String, String, i64, i64)) -> Result<Entry, StoreError> {
    let blocked = match kind.as_str() {
        "session" => SessionId::parse(&id).map(Blocked::Session),
        "token" => TokenId::parse(&id).map(Blocked::Token),
        _ => return Err(StoreError::Damaged("blocklist.kind")),
    };
    let blocked = blocked.map_err(|_| StoreError::Damaged("blocklist.id"))?;
    Ok(Entry { blocked, keep_until: UnixTime(keep_until), seq })
}
