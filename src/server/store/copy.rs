//! Copies a whole store into an empty one, from one database to the other or to another of the same kind.
//!
//! The source is read in one snapshot. The target gets the rows in many transactions. Until the last of them, the target
//! has a row in `counters` that marks the unfinished copy, and no process uses that store. The value of this row is the
//! number of the attempt: a later attempt removes what an earlier one has written, and an earlier one stops at its next
//! transaction.

use sqlx::{Sqlite, Transaction};

use super::checkup::Tables;
use super::copied_tables::{Row, STATEMENTS, TABLES, copy_marker};
use super::error::StoreError;
use super::many_rows::parts;
use super::pool::{Pool, Store, in_transaction, on_pool};
use super::postgres;

/// Why a store could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(
        "the source has no tables, or those of another version; check the address, and start this version on it once"
    )]
    OtherTables,
    #[error("the source is itself an unfinished copy; copy from the store from which it was made")]
    UnfinishedSource,
    #[error("the target is not empty: `{0}` has rows; give it an empty database")]
    NotEmpty(&'static str),
    #[error("another copy into the same target has begun, so this one has stopped; let the other one finish")]
    Overtaken,
    #[error("the source has changed while it was copied; stop every server on it, and repeat the command")]
    SourceChanged,
    #[error("another process has changed `{0}` in the target; stop that process, and repeat the command")]
    TargetChanged(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CopyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// How many rows were copied into each table.
pub type Copied = Vec<(&'static str, u64)>;

const IS_MARKED: &str = concat!("SELECT COUNT(*) FROM counters WHERE name = ", copy_marker!());
/// Returns the number of the attempt. Locks the row until the transaction ends: of two attempts that begin at the same
/// time, one is the second.
const MARK: &str = concat!(
    "INSERT INTO counters (name, value) VALUES (",
    copy_marker!(),
    ", 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"
);
/// Changes nothing, but locks the row: a later attempt waits until the transaction has ended.
const HOLD: &str = concat!("UPDATE counters SET value = value WHERE name = ", copy_marker!(), " AND value = $1");
const UNMARK: &str = concat!("DELETE FROM counters WHERE name = ", copy_marker!(), " AND value = $1");
const COUNTERS: &str = "SELECT name, value FROM counters ORDER BY name";
/// PostgreSQL's sum is of another type.
const REFRESHES: &str = "SELECT CAST(COALESCE(SUM(generation), 0) AS BIGINT) FROM sessions";

impl Store {
    /// Returns whether this store is the target of a copy that has not finished.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_unfinished_copy(&self) -> Result<bool, StoreError> {
        let (marked,): (i64,) = on_pool!(self, |pool| sqlx::query_as(IS_MARKED).fetch_one(pool).await?);
        Ok(marked > 0)
    }

    /// Checks that this store can be copied: that it has the tables of this version, and is no unfinished copy.
    ///
    /// # Errors
    /// [`CopyError`].
    pub async fn check_source(&self) -> Result<(), CopyError> {
        if self.tables().await? != Tables::Current {
            return Err(CopyError::OtherTables);
        }
        if self.is_unfinished_copy().await? {
            return Err(CopyError::UnfinishedSource);
        }
        Ok(())
    }

    /// Checks that this store is none of an earlier version that is in use: to open it as a target would update its tables.
    ///
    /// # Errors
    /// [`CopyError`].
    pub async fn check_target(&self) -> Result<(), CopyError> {
        // Where there are no tables, the query fails.
        if self.tables().await? == Tables::Older && self.has_users().await.unwrap_or(false) {
            return Err(CopyError::NotEmpty("users"));
        }
        Ok(())
    }

    /// Copies all rows into `target`, whose tables must be of this version. Calls `progress` again and again with the number
    /// of rows that are copied, and of all rows.
    ///
    /// # Errors
    /// [`CopyError`]. Except after [`CopyError::NotEmpty`], the target is marked as unfinished, and the next call begins
    /// again.
    pub async fn copy_to(&self, target: &Self, mut progress: impl FnMut(u64, u64)) -> Result<Copied, CopyError> {
        let mut snapshot = self.snapshot().await?;
        let begin = snapshot.look().await?;
        let total = begin.counts.iter().map(|(_, count)| count).sum();
        let mut done = 0;
        let attempt = target.begin_copy().await?;
        for table in 0..TABLES.len() {
            let mut page = snapshot.page(table, "").await?;
            while let Some(last) = page.last() {
                // The source reads the next page while the target writes this one.
                let (next, ()) =
                    tokio::try_join!(snapshot.page(table, last.key()), target.write_page(attempt, table, &page))?;
                done += page.len() as u64;
                progress(done, total);
                page = next;
            }
        }
        snapshot.end().await?;
        // Sessions that have ended since the snapshot would be live in the target.
        if self.snapshot().await?.look().await? != begin {
            return Err(CopyError::SourceChanged);
        }
        target.finish_copy(attempt, &begin.counts).await?;
        Ok(begin.counts)
    }

    async fn snapshot(&self) -> Result<Snapshot, CopyError> {
        Ok(match &self.pool {
            Pool::Sqlite { pool, .. } => Snapshot::Sqlite(pool.begin().await?),
            Pool::Postgres(pool) => {
                Snapshot::Postgres(pool.begin_as("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// Marks this store, and removes what an earlier attempt has written. Returns the number of the attempt.
    async fn begin_copy(&self) -> Result<i64, CopyError> {
        let attempt = in_transaction!(self, |transaction| {
            let (attempt,): (i64,) = sqlx::query_as(MARK).fetch_one(&mut *transaction).await?;
            if attempt == 1 {
                for (table, statements) in TABLES.iter().zip(&*STATEMENTS) {
                    let (used,): (i64,) =
                        sqlx::query_as(statements.is_used.as_str()).fetch_one(&mut *transaction).await?;
                    if used > 0 {
                        return Err(CopyError::NotEmpty(table.name));
                    }
                }
            }
            for statements in STATEMENTS.iter().rev() {
                sqlx::query(statements.clear.as_str()).execute(&mut *transaction).await?;
            }
            attempt
        });
        Ok(attempt)
    }

    async fn write_page(&self, attempt: i64, table: usize, rows: &[Row]) -> Result<(), CopyError> {
        in_transaction!(self, |transaction| {
            let held = sqlx::query(HOLD).bind(attempt).execute(&mut *transaction).await?.rows_affected();
            if held == 0 {
                return Err(CopyError::Overtaken);
            }
            for part in parts(rows) {
                STATEMENTS[table].insert(part).execute(&mut *transaction).await?;
            }
        });
        Ok(())
    }

    /// Removes the mark, if all rows are there and no others.
    async fn finish_copy(&self, attempt: i64, counts: &Copied) -> Result<(), CopyError> {
        in_transaction!(self, |transaction| {
            let unmarked = sqlx::query(UNMARK).bind(attempt).execute(&mut *transaction).await?.rows_affected();
            if unmarked == 0 {
                return Err(CopyError::Overtaken);
            }
            for (statements, (table, expected)) in STATEMENTS.iter().zip(counts) {
                let (count,): (i64,) = sqlx::query_as(statements.count.as_str()).fetch_one(&mut *transaction).await?;
                if count.unsigned_abs() != *expected {
                    return Err(CopyError::TargetChanged(table));
                }
            }
        });
        Ok(())
    }
}

/// What shows that a server works on the source: every sign-in, refresh and sign-out changes it.
#[derive(PartialEq, Eq)]
struct Look {
    counts: Copied,
    counters: Vec<(String, i64)>,
    /// The refreshes of all sessions that are there.
    refreshes: i64,
}

/// A transaction that sees the store as it was when it read for the first time.
enum Snapshot {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(postgres::Transaction),
}

/// Runs one expression in a snapshot of either database.
macro_rules! in_snapshot {
    ($snapshot:expr, |$connection:ident| $body:expr) => {
        match $snapshot {
            Snapshot::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            Snapshot::Postgres($connection) => $body,
        }
    };
}

impl Snapshot {
    async fn look(&mut self) -> Result<Look, CopyError> {
        let mut counts = Vec::with_capacity(TABLES.len());
        for (table, statements) in TABLES.iter().zip(&*STATEMENTS) {
            let (count,): (i64,) = in_snapshot!(self, |connection| {
                sqlx::query_as(statements.count.as_str()).fetch_one(&mut *connection).await?
            });
            counts.push((table.name, count.unsigned_abs()));
        }
        Ok(in_snapshot!(self, |connection| {
            let counters = sqlx::query_as(COUNTERS).fetch_all(&mut *connection).await?;
            let (refreshes,) = sqlx::query_as(REFRESHES).fetch_one(&mut *connection).await?;
            Look { counts, counters, refreshes }
        }))
    }

    /// Returns the next rows after this key, in the order of the keys.
    async fn page(&mut self, table: usize, after: &str) -> Result<Vec<Row>, CopyError> {
        let (table, statements) = (&TABLES[table], &STATEMENTS[table]);
        Ok(in_snapshot!(self, |connection| {
            let rows = sqlx::query(statements.page.as_str()).bind(after.to_owned()).fetch_all(&mut *connection).await?;
            rows.iter().map(|row| Row::of(row, table)).collect::<Result<_, _>>()?
        }))
    }

    async fn end(self) -> Result<(), CopyError> {
        // That of PostgreSQL is rolled back when it is dropped.
        if let Self::Sqlite(transaction) = self {
            transaction.rollback().await?;
        }
        Ok(())
    }
}
