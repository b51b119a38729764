//! The table `blocklist`: the durable part of a sign-out.

use std::sync::LazyLock;
use std::time::Duration;

use sqlx::SqliteConnection;

use super::error::StoreError;
use super::many_rows::{ManyRows, parts};
use super::pool::{Store, in_transaction, on_pool};
use super::postgres::Transaction;
use super::queue::{Write, Written};
use crate::server::domain::blocklist::{Blocked, Entry};
use crate::server::domain::ids::{BlockedId, SessionId, TokenId};
use crate::server::domain::unix_time::UnixTime;

macro_rules! next_seq {
    ($told:literal) => {
        concat!("UPDATE counters SET value = value + 1 WHERE name = 'blocklist' RETURNING value", $told)
    };
}
/// The number of the next rows. Locks the counter until the transaction ends, so that numbers become visible in order: a
/// process that has read row n has missed no lower one. All transactions of all processes wait here for each other, so it is
/// one of the last statements before the commit, and on PostgreSQL it is unlocked before the commit is durable.
const NEXT_SEQ: &str = next_seq!("");
/// The same, and tells the processes that listen when the transaction commits.
const NEXT_SEQ_TOLD: &str = next_seq!(", pg_notify('handstamp', '')");
static INSERT: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new("INSERT INTO blocklist (id, kind, keep_until, seq) VALUES ", 4, " ON CONFLICT (id) DO NOTHING")
});
/// Many rows as a few texts, words separated by spaces: a start reads a million rows, and with single rows sqlx takes most of
/// the time. All texts have the same order, which is undefined.
///
/// So many rows, and those with the same number as the last of them.
const ROWS: &str = "SELECT string_agg(id, ' '), string_agg(kind, ' '), string_agg(CAST(keep_until AS TEXT), ' '), \
                    string_agg(CAST(seq AS TEXT), ' ') FROM blocklist WHERE seq > $1 AND seq <= \
                    (SELECT MAX(seq) FROM (SELECT seq FROM blocklist WHERE seq > $1 ORDER BY seq LIMIT $2) AS next)";
/// The limit of [`ROWS`]. If there are fewer rows, they are the last.
const CHUNK: i64 = 8192;
/// What a start needs of them, in half of the time: the rows of the next 8,192 numbers.
const LOADED: &str = "SELECT string_agg(id, ' '), string_agg(CAST(keep_until AS TEXT), ' '), MAX(seq) FROM blocklist \
                      WHERE seq BETWEEN (SELECT MIN(seq) FROM blocklist WHERE seq > $1) \
                      AND (SELECT MIN(seq) FROM blocklist WHERE seq > $1) + 8191";
/// The number and the first rows in one statement, for PostgreSQL: other transactions wait one message less.
macro_rules! numbered {
    ($told:literal) => {
        LazyLock::new(|| {
            ManyRows::new(
                concat!("WITH next AS (", next_seq!($told), "), new (id, kind, keep_until) AS (VALUES "),
                3,
                "), inserted AS (INSERT INTO blocklist (id, kind, keep_until, seq) SELECT id, kind, keep_until, value \
                 FROM new, next ON CONFLICT (id) DO NOTHING) SELECT value FROM next",
            )
        })
    };
}
static INSERT_NUMBERED: LazyLock<ManyRows> = numbered!("");
static INSERT_NUMBERED_TOLD: LazyLock<ManyRows> = numbered!(", pg_notify('handstamp', '')");
const COUNT: &str = "SELECT COUNT(*) FROM blocklist";
const COUNT_BETWEEN: &str = "SELECT COUNT(*) FROM \
                             (SELECT 1 AS one FROM blocklist WHERE seq > $1 AND seq <= $2 LIMIT $3) AS counted";
const PURGE: &str = "DELETE FROM blocklist WHERE id IN (SELECT id FROM blocklist WHERE keep_until < $1 LIMIT $2)";
/// A time in the future is of a clock that was wrong, so it counts as none.
const TAKE_PURGE_TURN: &str =
    "UPDATE counters SET value = $1 WHERE name = 'purge' AND (value <= $1 - $2 OR value > $1 + $2)";
const RAISE_PURGED_TO: &str = "UPDATE counters SET value = $1 WHERE name = 'purged_to' AND value < $1";
const PURGED_TO: &str = "SELECT value FROM counters WHERE name = 'purged_to'";

/// A transaction that can number rows.
pub(super) trait Numbers {
    /// Numbers the entries and inserts them. All have the same number, which is returned: they become visible together.
    async fn insert_numbered(&mut self, entries: &mut [Entry]) -> Result<i64, sqlx::Error>;
}

impl Numbers for SqliteConnection {
    async fn insert_numbered(&mut self, entries: &mut [Entry]) -> Result<i64, sqlx::Error> {
        let (seq,): (i64,) = sqlx::query_as(NEXT_SEQ).fetch_one(&mut *self).await?;
        for entry in entries.iter_mut() {
            entry.seq = seq;
        }
        for part in parts(entries) {
            insert(part).execute(&mut *self).await?;
        }
        Ok(seq)
    }
}

impl Numbers for Transaction {
    async fn insert_numbered(&mut self, entries: &mut [Entry]) -> Result<i64, sqlx::Error> {
        let told = self.unlock_early();
        let Some(first) = parts(entries).next() else {
            let next = if told { NEXT_SEQ_TOLD } else { NEXT_SEQ };
            let (seq,): (i64,) = sqlx::query_as(next).fetch_one(&mut *self).await?;
            return Ok(seq);
        };
        let (insert_first, rows) = if told { &INSERT_NUMBERED_TOLD } else { &INSERT_NUMBERED }.of(first);
        let insert_first = rows.fold(sqlx::query_as(insert_first), |query, entry| {
            let (id, kind) = texts(entry);
            query.bind(id).bind(kind).bind(entry.keep_until.0)
        });
        let (seq,): (i64,) = insert_first.fetch_one(&mut *self).await?;
        for entry in entries.iter_mut() {
            entry.seq = seq;
        }
        for part in parts(entries).skip(1) {
            insert(part).execute(&mut *self).await?;
        }
        Ok(seq)
    }
}

impl Store {
    /// Returns the number of rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_blocked(&self) -> Result<u64, StoreError> {
        let (count,): (i64,) = on_pool!(self, |pool| sqlx::query_as(COUNT).fetch_one(pool).await?);
        Ok(count.unsigned_abs())
    }

    /// Calls `load` with all rows, some thousand each time, in no order. Returns the highest number of a row: 0 if there
    /// is none.
    ///
    /// # Errors
    /// [`StoreError`]; `load` may have been called with some rows.
    pub async fn load_blocklist(&self, mut load: impl FnMut(&[(BlockedId, UnixTime)])) -> Result<i64, StoreError> {
        let mut seen = 0;
        let mut chunk = self.chunk_after(seen).await?;
        while let Some((ids, times, newest)) = chunk {
            seen = newest;
            // The database reads the next chunk while these rows are loaded.
            let loaded = async {
                let mut times = times.split_ascii_whitespace();
                let rows = ids.split_ascii_whitespace().map(|id| {
                    let id = BlockedId::parse(id).map_err(|_| StoreError::Damaged("blocklist.id"))?;
                    Ok((id, UnixTime(number(times.next(), "blocklist.keep_until")?)))
                });
                load(&rows.collect::<Result<Vec<_>, StoreError>>()?);
                Ok(())
            };
            (chunk, ()) = tokio::try_join!(self.chunk_after(seen), loaded)?;
        }
        Ok(seen)
    }

    async fn chunk_after(&self, seen: i64) -> Result<Option<(String, String, i64)>, StoreError> {
        let (ids, times, newest): (Option<String>, Option<String>, Option<i64>) =
            on_pool!(self, |pool| sqlx::query_as(LOADED).bind(seen).fetch_one(pool).await?);
        Ok(ids.zip(times).zip(newest).map(|((ids, times), newest)| (ids, times, newest)))
    }

    /// Returns the rows after number `seq`, in order. 0 for all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_blocked_since(&self, seq: i64) -> Result<Vec<Entry>, StoreError> {
        let mut entries = self.next_blocked(seq).await?;
        let mut more = is_full(&entries);
        while more {
            let seen = entries.last().map_or(seq, |last| last.seq);
            let rows = self.next_blocked(seen).await?;
            more = is_full(&rows);
            entries.extend(rows);
        }
        Ok(entries)
    }

    /// Returns the next rows after number `seq`, some thousand in order, and all rows of each number. None if there are no
    /// more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_blocked(&self, seq: i64) -> Result<Vec<Entry>, StoreError> {
        type Texts = (Option<String>, Option<String>, Option<String>, Option<String>);
        let texts: Texts = on_pool!(self, |pool| sqlx::query_as(ROWS).bind(seq).bind(CHUNK).fetch_one(pool).await?);
        let [ids, kinds, times, numbers] = <[Option<String>; 4]>::from(texts).map(Option::unwrap_or_default);
        let mut rest = [&kinds, &times, &numbers].map(|text| text.split_ascii_whitespace());
        let rows = ids.split_ascii_whitespace().map(|id| {
            let [kind, keep_until, seq] = rest.each_mut().map(Iterator::next);
            entry(id, kind, keep_until, seq)
        });
        let mut rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        rows.sort_by_key(|row| row.seq);
        Ok(rows)
    }

    /// Returns how many rows there are after number `after`, up to number `to`. Counts no further than `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_blocked_between(&self, after: i64, to: i64, most: usize) -> Result<usize, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let (count,): (i64,) = on_pool!(self, |pool| sqlx::query_as(COUNT_BETWEEN)
            .bind(after)
            .bind(to)
            .bind(most)
            .fetch_one(pool)
            .await?);
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Blocks one token: durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`]; then the token may or may not be blocked.
    pub async fn block_token(&self, id: TokenId, keep_until: UnixTime) -> Result<Entry, StoreError> {
        let written = self.write(Write::BlockToken { id, keep_until }).await?;
        Ok(entry_of(&written, Blocked::Token(id)))
    }

    /// Returns whether this process may remove expired rows now: if no process on this store has begun it within `every`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_purge_turn(&self, now: UnixTime, every: Duration) -> Result<bool, StoreError> {
        let every = i64::try_from(every.as_secs()).unwrap_or(i64::MAX / 2);
        let taken = in_transaction!(self, |transaction| {
            sqlx::query(TAKE_PURGE_TURN).bind(now.0).bind(every).execute(&mut *transaction).await?.rows_affected()
        });
        Ok(taken > 0)
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

/// Inserts entries, one of the [`parts`].
fn insert<'q, D>(entries: &[Entry]) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    let (insert, rows) = INSERT.of(entries);
    rows.fold(sqlx::query(insert), |insert, entry| {
        let (id, kind) = texts(entry);
        insert.bind(id).bind(kind).bind(entry.keep_until.0).bind(entry.seq)
    })
}

/// The id and the kind, as the table has them.
fn texts(entry: &Entry) -> (String, String) {
    let (id, kind) = match entry.blocked {
        Blocked::Session(id) => (id.to_string(), "session"),
        Blocked::Token(id) => (id.to_string(), "token"),
    };
    (id, kind.to_owned())
}

/// Whether there may be more rows after this chunk.
fn is_full(chunk: &[Entry]) -> bool {
    chunk.len() >= usize::try_from(CHUNK).unwrap_or(usize::MAX)
}

fn entry(id: &str, kind: Option<&str>, keep_until: Option<&str>, seq: Option<&str>) -> Result<Entry, StoreError> {
    let blocked = match kind {
        Some("session") => SessionId::parse(id).map(Blocked::Session),
        Some("token") => TokenId::parse(id).map(Blocked::Token),
        _ => return Err(StoreError::Damaged("blocklist.kind")),
    };
    let blocked = blocked.map_err(|_| StoreError::Damaged("blocklist.id"))?;
    Ok(Entry {
        blocked,
        keep_until: UnixTime(number(keep_until, "blocklist.keep_until")?),
        seq: number(seq, "blocklist.seq")?,
    })
}

fn number(text: Option<&str>, column: &'static str) -> Result<i64, StoreError> {
    text.and_then(|text| text.parse().ok()).ok_or(StoreError::Damaged(column))
}
