//! The tables `throttle` and `familiar_networks`: failed attempts and known networks, which a restart must not lose.

use std::time::Duration;

use sqlx::query::QueryAs;

use super::error::StoreError;
use super::pool::{Store, in_transaction, on_pool};
use super::queue::{FailedTry, Write, Written};

pub use super::queue::TryCount;
use crate::server::domain::ids::{ThrottleKey, UserId};
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::throttle::{LONGEST_LIFE, LONGEST_WAIT, MAX_BUCKETS};
use crate::server::domain::unix_time::UnixTime;

/// A bucket from the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptBucket {
    pub key: ThrottleKey,
    pub empty_at: UnixTime,
    pub next_at: UnixTime,
}

/// Adds to the row, so that the attempts of several processes add up. $2 is now, $3 the time in which one attempt
/// leaves the bucket, $5 the latest time at which a bucket can be empty: a later time was written with a wrong clock.
const COUNT: &str = "INSERT INTO throttle (key, empty_at, next_at) VALUES ($1, $2 + $3, $4) \
                                ON CONFLICT (key) DO UPDATE SET next_at = $4, empty_at = $3 + \
                                CASE WHEN throttle.empty_at < $2 THEN $2 \
                                WHEN throttle.empty_at > $5 THEN $5 ELSE throttle.empty_at END \
                                RETURNING empty_at";
pub(super) const FORGET: &str = "DELETE FROM throttle WHERE key = $1";
const BEYOND: &str = "SELECT COUNT(*) FROM throttle WHERE empty_at > $1 OR next_at > $2";
const MEND: &str = "UPDATE throttle SET empty_at = CASE WHEN empty_at > $1 THEN $1 ELSE empty_at END, \
                    next_at = CASE WHEN next_at > $2 THEN $2 ELSE next_at END WHERE empty_at > $1 OR next_at > $2";
const LIST: &str = "SELECT key, empty_at, next_at FROM throttle WHERE empty_at > $1 ORDER BY empty_at DESC LIMIT $2";
const PURGE: &str = "DELETE FROM throttle WHERE key IN (SELECT key FROM throttle WHERE empty_at <= $1 LIMIT $2)";
const CUT: &str = "DELETE FROM throttle WHERE key IN \
                   (SELECT key FROM throttle ORDER BY empty_at DESC LIMIT $1 OFFSET $2)";

/// Writes at most once a day: $3 is one day ago.
pub(super) const FAMILIAR: &str = "INSERT INTO familiar_networks (key, seen_at) VALUES ($1, $2) \
                                   ON CONFLICT (key) DO UPDATE SET seen_at = $2 WHERE familiar_networks.seen_at < $3";
const IS_FAMILIAR: &str = "SELECT seen_at FROM familiar_networks WHERE key = $1 AND seen_at > $2";
const PURGE_FAMILIAR: &str = "DELETE FROM familiar_networks WHERE key IN \
                              (SELECT key FROM familiar_networks WHERE seen_at <= $1 LIMIT $2)";

impl Store {
    /// Counts a failed attempt in all its buckets, with the event for the user of the account. Returns when each bucket
    /// will be empty. Durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`]; then it is counted in no bucket.
    pub async fn count_try(
        &self,
        counts: Vec<TryCount>,
        event: Option<(NewEvent, UserId)>,
        now: UnixTime,
    ) -> Result<Vec<UnixTime>, StoreError> {
        match self.write(Write::CountTry(Box::new(FailedTry { counts, now, event }))).await? {
            Written::Counted(empty_at) => Ok(empty_at),
            Written::Rows(_) | Written::Blocked { .. } => {
                unreachable!("a try that is counted is answered with its rows")
            }
        }
    }

    /// Counts a failed attempt soon, without waiting: for a client that did not wait for the answer.
    pub fn note_try(&self, counts: Vec<TryCount>, now: UnixTime) {
        self.note(Write::CountTry(Box::new(FailedTry { counts, now, event: None })));
    }

    /// Removes the attempts of a visitor that is not guessing, soon and without waiting.
    pub fn note_forgotten(&self, key: ThrottleKey) {
        self.note(Write::ForgetTries { key });
    }

    /// Records a network, soon and without waiting. Once a day is enough.
    pub fn note_familiar(&self, key: ThrottleKey, now: UnixTime) {
        let unless_since = UnixTime(now.0 - DAY.as_secs().cast_signed());
        self.note(Write::Familiar { key, seen_at: now, unless_since });
    }

    /// Returns whether a sign-in to this account came from this network after `since`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_familiar(&self, key: ThrottleKey, since: UnixTime) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = on_pool!(self, |pool| {
            sqlx::query_as(IS_FAMILIAR).bind(key.to_string()).bind(since.0).fetch_optional(pool).await?
        });
        Ok(row.is_some())
    }

    /// Returns the buckets that are not empty, those with the longest time first. Before that, corrects rows whose
    /// times are too far ahead, written with a wrong clock: a wait must not last until the clock reaches them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_tries(&self, now: UnixTime) -> Result<Vec<KeptBucket>, StoreError> {
        let (empty_by, next_by) = (now.plus(LONGEST_LIFE).0, now.plus(LONGEST_WAIT).0);
        let (beyond,): (i64,) =
            on_pool!(self, |pool| { sqlx::query_as(BEYOND).bind(empty_by).bind(next_by).fetch_one(pool).await? });
        // Only if there are any: a start must not wait for another process that writes.
        if beyond > 0 {
            in_transaction!(self, |transaction| {
                sqlx::query(MEND).bind(empty_by).bind(next_by).execute(&mut *transaction).await?;
            });
        }
        let limit = i64::try_from(MAX_BUCKETS / 2).unwrap_or(i64::MAX);
        let rows: Vec<(String, i64, i64)> =
            on_pool!(self, |pool| sqlx::query_as(LIST).bind(now.0).bind(limit).fetch_all(pool).await?);
        let kept = rows.into_iter().map(|(key, empty_at, next_at)| {
            let key = ThrottleKey::parse(&key).map_err(|_| StoreError::Damaged("throttle.key"))?;
            Ok(KeptBucket { key, empty_at: UnixTime(empty_at), next_at: UnixTime(next_at) })
        });
        kept.collect()
    }

    /// Removes empty buckets, and if there are more than `most`, those that would be empty first; at most `limit` of
    /// each kind. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_tries(&self, now: UnixTime, most: i64, limit: i64) -> Result<u64, StoreError> {
        let purged = in_transaction!(self, |transaction| {
            let empty = sqlx::query(PURGE).bind(now.0).bind(limit).execute(&mut *transaction).await?;
            let beyond = sqlx::query(CUT).bind(limit).bind(most).execute(&mut *transaction).await?;
            empty.rows_affected() + beyond.rows_affected()
        });
        Ok(purged)
    }

    /// Removes networks not seen since `since`, at most `limit`. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_familiar(&self, since: UnixTime, limit: i64) -> Result<u64, StoreError> {
        let purged = in_transaction!(self, |transaction| {
            sqlx::query(PURGE_FAMILIAR).bind(since.0).bind(limit).execute(&mut *transaction).await?.rows_affected()
        });
        Ok(purged)
    }
}

const DAY: Duration = Duration::from_hours(24);

impl TryCount {
    pub(super) fn query<'q, D>(&self, now: UnixTime) -> QueryAs<'q, D, (i64,), D::Arguments>
    where
        D: sqlx::Database,
        String: sqlx::Encode<'q, D> + sqlx::Type<D>,
        i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
        (i64,): for<'r> sqlx::FromRow<'r, D::Row>,
    {
        let empty_by = now.plus(LONGEST_LIFE).0.saturating_sub_unsigned(self.fade.as_secs());
        sqlx::query_as(COUNT)
            .bind(self.key.to_string())
            .bind(now.0)
            .bind(self.fade.as_secs().cast_signed())
            .bind(self.next_at.0)
            .bind(empty_by)
    }
}
