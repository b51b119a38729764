//! Administrators in the table `users`: whether there is one, the first one, and the last one.

use super::error::StoreError;
use super::events;
use super::pool::{Store, in_transaction, on_pool};
use super::users::{LOCK_NAMES, insert};
use crate::server::domain::password::PasswordHash;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::user::User;

/// The result of a claim of the first administrator's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    Yes,
    /// There is an administrator, or another claim was faster.
    Closed,
    /// The name is taken; the code still works.
    Taken,
}

/// How many administrators there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Administrators {
    pub all: i64,
    /// The number of them that are disabled.
    pub disabled: i64,
}

/// Tells whether a row is an administrator's. The first half is the condition of the index `users_with_roles`.
macro_rules! is_administrator {
    () => {
        "roles <> '' AND ' ' || roles || ' ' LIKE '% admin %'"
    };
}

pub(super) use is_administrator;

const ADMINISTRATORS: &str = concat!("SELECT COUNT(*), COUNT(disabled_at) FROM users WHERE ", is_administrator!());
/// Not 0 if this user is an administrator, and no other administrator can sign in.
pub(super) const IS_LAST_ADMINISTRATOR: &str = concat!(
    "SELECT COUNT(*) FROM users WHERE id = $1 AND ",
    is_administrator!(),
    " AND NOT EXISTS (SELECT 1 FROM users WHERE id <> $1 AND disabled_at IS NULL AND ",
    is_administrator!(),
    ")"
);
/// How often setup created an administrator: a setup code works for one of them.
const SETUP_ROUND: &str = "SELECT value FROM counters WHERE name = 'first_account'";
const SETUP_IS_OPEN: &str = concat!(
    "SELECT COUNT(*) FROM counters WHERE name = 'first_account' AND value = $1 \
     AND NOT EXISTS (SELECT 1 FROM users WHERE ",
    is_administrator!(),
    ")"
);
/// Changes nothing, but locks the row: a second transaction waits until the first has committed.
const LOCK_FIRST: &str = "UPDATE counters SET value = value WHERE name = 'first_account' AND value = $1";
const NEXT_ROUND: &str = "UPDATE counters SET value = value + 1 WHERE name = 'first_account'";

impl Store {
    /// Returns how often setup created an administrator.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn setup_round(&self) -> Result<i64, StoreError> {
        let (round,): (i64,) = on_pool!(self, |pool| sqlx::query_as(SETUP_ROUND).fetch_one(pool).await?);
        Ok(round)
    }

    /// Counts the administrators.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn administrators(&self) -> Result<Administrators, StoreError> {
        let (all, disabled): (i64, i64) = on_pool!(self, |pool| sqlx::query_as(ADMINISTRATORS).fetch_one(pool).await?);
        Ok(Administrators { all, disabled })
    }

    /// Returns whether there is an administrator. A disabled one counts: an operator disabled it, and can enable it again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_administrator(&self) -> Result<bool, StoreError> {
        Ok(self.administrators().await?.all > 0)
    }

    /// Returns whether there is no administrator, and setup has created none since this round.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn setup_is_open(&self, round: i64) -> Result<bool, StoreError> {
        let (open,): (i64,) = on_pool!(self, |pool| sqlx::query_as(SETUP_IS_OPEN).bind(round).fetch_one(pool).await?);
        Ok(open > 0)
    }

    /// Adds the first administrator, if there is none and setup has created none since this round. Of several claims at the
    /// same time, one succeeds; later claims of the same round fail.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_first_administrator(
        &self,
        round: i64,
        user: &User,
        password: &PasswordHash,
        event: &NewEvent,
    ) -> Result<Claimed, StoreError> {
        let claimed = in_transaction!(self, |transaction| {
            let locked = sqlx::query(LOCK_FIRST).bind(round).execute(&mut *transaction).await?.rows_affected();
            // Waits for a user who is added at the same time, and counts it.
            sqlx::query(LOCK_NAMES).execute(&mut *transaction).await?;
            let (administrators, _): (i64, i64) = sqlx::query_as(ADMINISTRATORS).fetch_one(&mut *transaction).await?;
            if locked == 0 || administrators > 0 {
                Claimed::Closed
            } else if insert(user, password).execute(&mut *transaction).await?.rows_affected() == 0 {
                Claimed::Taken
            } else {
                sqlx::query(NEXT_ROUND).execute(&mut *transaction).await?;
                events::of_user(event, user.id).execute(&mut *transaction).await?;
                Claimed::Yes
            }
        });
        Ok(claimed)
    }
}
