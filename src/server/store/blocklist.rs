//! The table `blocklist`: the durable part of a sign-out.

use std::sync::LazyLock;

use futures::TryStreamExt as _;

use super::error::StoreError;
use super::many_rows::ManyRows;
use super::pool::{Store, in_transaction, on_pool};
use super::queue::{Write, Written};
use crate::server::domain::blocklist::Blocked;
use crate::server::domain::ids::{BlockedId, SessionId, TokenId};
use crate::server::domain::unix_time::UnixTime;

/// A row, for a process that follows the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub blocked: Blocked,
    pub keep_until: UnixTime,
    pub seq: i64,
}

/// The number of the next rows. Locks the counter until the transaction ends, so that numbers become visible in order:
/// a process that has read row n has missed no lower one.
pub(super) const NEXT_SEQ: &str = "UPDATE counters SET value = value + 1 WHERE name = 'blocklist' RETURNING value";
static INSERT: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new("INSERT INTO blocklist (id, kind, keep_until, seq) VALUES ", 4, " ON CONFLICT (id) DO NOTHING")
});
/// All rows, those with the same time as one text: with a million single rows, sqlx takes most of the time. The index on
/// `keep_until` gives them in this order.
const ALL: &str = "SELECT keep_until, string_agg(id, ' '), MAX(seq) FROM blocklist GROUP BY keep_until";
const NEXT: &str = "SELECT MIN(seq) FROM blocklist WHERE seq > $1";
/// Many rows as one text, words separated by spaces, for the same reason.
const ROWS: &str = "SELECT string_agg(id || ' ' || kind || ' ' || keep_until || ' ' || seq, ' ') FROM blocklist \
                    WHERE seq BETWEEN $1 AND $2";
/// How many numbers make one text: some hundred KiB.
const CHUNK: i64 = 8192;
const PURGE: &str = "DELETE FROM blocklist WHERE id IN (SELECT id FROM blocklist WHERE keep_until < $1 LIMIT $2)";
const RAISE_PURGED_TO: &str = "UPDATE counters SET value = $1 WHERE name = 'purged_to' AND value < $1";
const PURGED_TO: &str = "SELECT value FROM counters WHERE name = 'purged_to'";

impl Store {
    /// Calls `load` for each row, in no order, and returns the highest number of a row: 0 if there is none. The rows are
    /// those of one moment.
    ///
    /// # Errors
    /// [`StoreError`]; `load` may have been called for some rows.
    pub async fn load_blocklist(&self, mut load: impl FnMut(BlockedId, UnixTime)) -> Result<i64, StoreError> {
        let mut newest = 0;
        on_pool!(self, |pool| {
            let mut groups = sqlx::query_as::<_, (i64, String, i64)>(ALL).fetch(pool);
            while let Some((keep_until, ids, seq)) = groups.try_next().await? {
                for id in ids.split_ascii_whitespace() {
                    let id = BlockedId::parse(id).map_err(|_| StoreError::Damaged("blocklist.id"))?;
                    load(id, UnixTime(keep_until));
                }
                newest = newest.max(seq);
            }
        });
        Ok(newest)
    }

    /// Returns the rows after number `seq`, in order. 0 for all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_blocked_since(&self, seq: i64) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        let mut seen = seq;
        loop {
            let (next,): (Option<i64>,) =
                on_pool!(self, |pool| sqlx::query_as(NEXT).bind(seen).fetch_one(pool).await?);
            let Some(from) = next else { break };
            seen = from.saturating_add(CHUNK - 1);
            let (rows,): (Option<String>,) =
                on_pool!(self, |pool| sqlx::query_as(ROWS).bind(from).bind(seen).fetch_one(pool).await?);
            let rows = rows.unwrap_or_default();
            let mut words = rows.split_ascii_whitespace();
            while let Some(id) = words.next() {
                entries.push(entry(id, words.next(), words.next(), words.next())?);
            }
        }
        // The order within a text is undefined.
        entries.sort_by_key(|entry| entry.seq);
        Ok(entries)
    }

    /// Blocks one token: durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`]; then the token may or may not be blocked.
    pub async fn block_token(&self, id: TokenId, keep_until: UnixTime) -> Result<Entry, StoreError> {
        let written = self.write(Write::BlockToken { id, keep_until }).await?;
        Ok(entry_of(&written, Blocked::Token(id)))
    }

    /// Removes rows whose time passed before `before`, at most `limit`, and records up to when. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_blocklist(&self, before: UnixTime, limit: i64) -> Result<u64, StoreError> {
        let purged = in_transaction!(self, |transaction| {
            let purge = sqlx::query(PURGE).bind(before.0).bind(limit).execute(&mut *transaction).await?;
            if purge.rows_affected() > 0 {
                sqlx::query(RAISE_PURGED_TO).bind(before.0).execute(&mut *transaction).await?;
            }
            purge.rows_affected()
        });
        Ok(purged)
    }

    /// Returns the time up to which rows may have been removed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purged_to(&self) -> Result<UnixTime, StoreError> {
        let (to,): (i64,) = on_pool!(self, |pool| sqlx::query_as(PURGED_TO).fetch_one(pool).await?);
        Ok(UnixTime(to))
    }
}

/// The row of a write that made one.
pub(super) fn entry_of(written: &Written, blocked: Blocked) -> Entry {
    match *written {
        Written::Blocked { seq, keep_until } => Entry { blocked, keep_until, seq },
        Written::Rows(_) | Written::Counted(_) => unreachable!("a write that blocks is answered with its row"),
    }
}

/// Inserts entries, one of the [`parts`](super::many_rows::parts), inside a transaction of `sessions` or `writer`.
pub(super) fn block<'q, D>(entries: &[Entry]) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    entries.iter().fold(sqlx::query(INSERT.text(entries.len())), |insert, entry| {
        let (id, kind) = match entry.blocked {
            Blocked::Session(id) => (id.to_string(), "session"),
            Blocked::Token(id) => (id.to_string(), "token"),
        };
        insert.bind(id).bind(kind.to_owned()).bind(entry.keep_until.0).bind(entry.seq)
    })
}

fn entry(id: &str, kind: Option<&str>, keep_until: Option<&str>, seq: Option<&str>) -> Result<Entry, StoreError> {
    let blocked = match kind {
        Some("session") => SessionId::parse(id).map(Blocked::Session),
        Some("token") => TokenId::parse(id).map(Blocked::Token),
        _ => return Err(StoreError::Damaged("blocklist.kind")),
    };
    let blocked = blocked.map_err(|_| StoreError::Damaged("blocklist.id"))?;
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
    let keep_until = number(keep_until).ok_or(StoreError::Damaged("blocklist.keep_until"))?;
    Ok(Entry {
        blocked,
        keep_until: UnixTime(keep_until),
        seq: number(seq).ok_or(StoreError::Damaged("blocklist.seq"))?,
    })
}
