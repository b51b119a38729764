//! What a user has as second factors, in one look at their tables; and what a session counts as when one is added in it.

use super::error::StoreError;
use super::pool::{Store, on_pool};
use crate::server::domain::factors::Factors;
use crate::server::domain::ids::{SessionId, UserId};
use crate::server::domain::methods::Methods;

const FIND: &str = "SELECT (SELECT COUNT(*) FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL), \
                    (SELECT COUNT(*) FROM passkeys WHERE user_id = $1 AND quiet = 0), \
                    (SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL)";
/// Removes all factors of a user, and what stands in for them, inside a transaction of `sessions`.
pub(super) const REMOVE_ALL: [&str; 3] = [
    "DELETE FROM totp WHERE user_id = $1",
    "DELETE FROM passkeys WHERE user_id = $1",
    "DELETE FROM recovery_codes WHERE user_id = $1",
];

const RECOGNISE: &str = "UPDATE sessions SET methods = $2 WHERE id = $1 AND reused_at IS NULL";

impl Store {
    /// Returns what a user has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_factors(&self, user: UserId) -> Result<Factors, StoreError> {
        let (totp, passkeys, recovery_codes): (i64, i64, i64) =
            on_pool!(self, |pool| sqlx::query_as(FIND).bind(user.to_string()).fetch_one(pool).await?);
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Factors { totp: totp > 0, passkeys: count(passkeys), recovery_codes: count(recovery_codes) })
    }
}

/// Notes how the user of a session was recognised, inside the transaction that adds a factor.
pub(super) fn recognise<'q, D>(session: SessionId, methods: Methods) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(RECOGNISE).bind(session.to_string()).bind(methods.to_string())
}
