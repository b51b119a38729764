//! The table `totp`: at most one authenticator app for each user.

use super::error::StoreError;
use super::pool::{Pool, Store, in_transaction, on_pool};
use super::{events, factors, lock_order, recovery_codes};
use crate::server::domain::ids::{SessionId, UserId};
use crate::server::domain::methods::Methods;
use crate::server::domain::recovery_code::RecoveryCodeHash;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::totp::TimeStep;
use crate::server::domain::unix_time::UnixTime;

/// A second one replaces the first, as long as it was not confirmed.
const BEGIN: &str = "INSERT INTO totp (user_id, sealed, last_step, created_at) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (user_id) DO UPDATE SET sealed = $2, last_step = $3, created_at = $4 \
                     WHERE totp.confirmed_at IS NULL";
const FIND: &str = "SELECT sealed, created_at, confirmed_at, last_used_at FROM totp WHERE user_id = $1";
const CONFIRM: &str = "UPDATE totp SET confirmed_at = $4, last_used_at = $4, last_step = $3 \
                       WHERE user_id = $1 AND sealed = $2 AND confirmed_at IS NULL";
/// The compare-and-swap: of many requests with the same code, one uses it.
const USE: &str = "UPDATE totp SET last_step = $3, last_used_at = $4 \
                   WHERE user_id = $1 AND sealed = $2 AND last_step < $3 AND confirmed_at IS NOT NULL";
const REMOVE: &str = "DELETE FROM totp WHERE user_id = $1 RETURNING confirmed_at";

/// An authenticator app from the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptTotp {
    /// The encrypted secret.
    pub sealed: String,
    pub created_at: UnixTime,
    /// `None`: the user has not shown a code yet.
    pub confirmed_at: Option<UnixTime>,
    pub last_used_at: Option<UnixTime>,
}

/// A code that confirms an app.
pub struct Confirmation<'c> {
    /// The secret that the code was checked with.
    pub sealed: &'c str,
    pub step: TimeStep,
    pub recovery_codes: &'c [RecoveryCodeHash],
    /// The session that confirms, and what it counts as from now on.
    pub session: (SessionId, Methods),
    pub event: NewEvent,
}

type Row = (String, i64, Option<i64>, Option<i64>);

impl Store {
    /// Keeps the secret of an app that the user has not confirmed yet. `false` if there is a confirmed one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_totp(&self, user: UserId, sealed: &str, now: UnixTime) -> Result<bool, StoreError> {
        let begun = in_transaction!(self, |transaction| {
            let begin = sqlx::query(BEGIN).bind(user.to_string()).bind(sealed).bind(TimeStep::NONE.0).bind(now.0);
            begin.execute(&mut *transaction).await?.rows_affected()
        });
        Ok(begun == 1)
    }

    /// Returns the app of a user, confirmed or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_totp(&self, user: UserId) -> Result<Option<KeptTotp>, StoreError> {
        let row: Option<Row> =
            on_pool!(self, |pool| sqlx::query_as(FIND).bind(user.to_string()).fetch_optional(pool).await?);
        Ok(row.map(|(sealed, created_at, confirmed_at, last_used_at)| KeptTotp {
            sealed,
            created_at: UnixTime(created_at),
            confirmed_at: confirmed_at.map(UnixTime),
            last_used_at: last_used_at.map(UnixTime),
        }))
    }

    /// Confirms an app, and replaces the recovery codes. `false` if it was confirmed, replaced or removed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn confirm_totp(
        &self,
        user: UserId,
        confirmation: &Confirmation<'_>,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let Confirmation { sealed, step, recovery_codes, session: (session, methods), event } = confirmation;
        in_transaction!(self, |transaction| {
            if matches!(self.pool, Pool::Postgres(_)) {
                lock_order::lock_users(user, false).execute(&mut *transaction).await?;
            }
            // First the session: `lock_order`.
            factors::recognise(*session, *methods).execute(&mut *transaction).await?;
            let confirm = sqlx::query(CONFIRM).bind(user.to_string()).bind(*sealed).bind(step.0).bind(now.0);
            if confirm.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            recovery_codes::remove(user).execute(&mut *transaction).await?;
            for code in *recovery_codes {
                recovery_codes::insert(code, user).execute(&mut *transaction).await?;
            }
            events::of_user(event, user).execute(&mut *transaction).await?;
        });
        Ok(true)
    }

    /// Removes the app of a user. If no other factor is left, the recovery codes are removed too. The event is recorded for a
    /// confirmed app only. Returns whether there was an app.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_totp(&self, user: UserId, event: &NewEvent) -> Result<bool, StoreError> {
        let removed = in_transaction!(self, |transaction| {
            if matches!(self.pool, Pool::Postgres(_)) {
                lock_order::lock_users(user, false).execute(&mut *transaction).await?;
            }
            let remove = sqlx::query_as(REMOVE).bind(user.to_string());
            let removed: Option<(Option<i64>,)> = remove.fetch_optional(&mut *transaction).await?;
            if let Some((Some(_confirmed),)) = removed {
                recovery_codes::remove_unless_needed(user).execute(&mut *transaction).await?;
                events::of_user(event, user).execute(&mut *transaction).await?;
            }
            removed.is_some()
        });
        Ok(removed)
    }
}

/// Uses a code, inside a transaction of `challenges`. Changes a row only if no code of this step or a later one was used.
pub(super) fn use_code<'q, D>(
    user: UserId,
    sealed: &str,
    step: TimeStep,
    now: UnixTime,
) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(USE).bind(user.to_string()).bind(sealed.to_owned()).bind(step.0).bind(now.0)
}
