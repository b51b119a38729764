//! The table `recovery_codes`.

use super::error::StoreError;
use super::pool::{Pool, Store, in_transaction};
use super::{events, lock_order};
use crate::server::domain::ids::UserId;
use crate::server::domain::recovery_code::RecoveryCodeHash;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::unix_time::UnixTime;

const INSERT: &str = "INSERT INTO recovery_codes (code_hash, user_id) VALUES ($1, $2)";
/// The compare-and-swap: of two requests with the same code, one uses it.
const USE: &str = "UPDATE recovery_codes SET used_at = $3 WHERE code_hash = $1 AND user_id = $2 AND used_at IS NULL";
const REMOVE: &str = "DELETE FROM recovery_codes WHERE user_id = $1";
/// Whether a sign-in asks for a second factor: not for a passkey that the browser made quietly.
macro_rules! has_factor {
    () => {
        "(EXISTS (SELECT 1 FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL) \
         OR EXISTS (SELECT 1 FROM passkeys WHERE user_id = $1 AND quiet = 0))"
    };
}
const REMOVE_UNLESS_NEEDED: &str = concat!("DELETE FROM recovery_codes WHERE user_id = $1 AND NOT ", has_factor!());
const HAS_FACTOR: &str = concat!("SELECT COUNT(*) FROM users WHERE id = $1 AND ", has_factor!());

impl Store {
    /// Replaces all recovery codes of a user. `false` if the user has no factor that they could stand in for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_recovery_codes(
        &self,
        user: UserId,
        codes: &[RecoveryCodeHash],
        event: &NewEvent,
    ) -> Result<bool, StoreError> {
        in_transaction!(self, |transaction| {
            if matches!(self.pool, Pool::Postgres(_)) {
                lock_order::lock_users(user, false).execute(&mut *transaction).await?;
            }
            let has = sqlx::query_as(HAS_FACTOR).bind(user.to_string());
            let (has,): (i64,) = has.fetch_one(&mut *transaction).await?;
            if has == 0 {
                return Ok(false);
            }
            remove(user).execute(&mut *transaction).await?;
            for code in codes {
                insert(code, user).execute(&mut *transaction).await?;
            }
            events::of_user(event, user).execute(&mut *transaction).await?;
        });
        Ok(true)
    }
}

/// Inserts a code, inside a transaction.
pub(super) fn insert<'q, D>(code: &RecoveryCodeHash, user: UserId) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(INSERT).bind(code.as_str().to_owned()).bind(user.to_string())
}

/// Uses a code, inside a transaction of `challenges`. Changes a row only if the user has it and has not used it.
pub(super) fn use_code<'q, D>(
    code: &RecoveryCodeHash,
    user: UserId,
    now: UnixTime,
) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(USE).bind(code.as_str().to_owned()).bind(user.to_string()).bind(now.0)
}

/// Removes the codes of a user, inside a transaction.
pub(super) fn remove<'q, D>(user: UserId) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(REMOVE).bind(user.to_string())
}

/// Removes the codes of a user who has no factor that they could stand in for, inside the transaction that removed one.
pub(super) fn remove_unless_needed<'q, D>(user: UserId) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(REMOVE_UNLESS_NEEDED).bind(user.to_string())
}
