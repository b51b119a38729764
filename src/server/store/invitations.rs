//! The table `invitations`.

use super::error::StoreError;
use super::pool::{Store, in_transaction, on_pool};
use super::{events, users};
use crate::server::domain::ids::UserId;
use crate::server::domain::password::PasswordHash;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::user::User;

const INSERT: &str = "INSERT INTO invitations (code_hash, invited_by, expires_at) VALUES ($1, $2, $3)";
const FIND: &str = "SELECT expires_at FROM invitations WHERE code_hash = $1 AND expires_at > $2";
/// Changes nothing, but locks the row: a second transaction with the same code waits until the first has committed.
const LOCK: &str = "UPDATE invitations SET expires_at = expires_at WHERE code_hash = $1 AND expires_at > $2";
const USE: &str = "DELETE FROM invitations WHERE code_hash = $1";
const WITHDRAW: &str = "DELETE FROM invitations WHERE invited_by = $1";
const PURGE: &str = "DELETE FROM invitations WHERE expires_at < $1";

/// The result of using an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// The account was created, the invitation is used.
    Yes,
    /// Unknown, used or expired.
    NotValid,
    /// The name is taken; the invitation is still valid.
    Taken,
}

impl Store {
    /// Stores an invitation, and records the event for the account that made it, if any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_invitation(
        &self,
        code_hash: &str,
        by: Option<&(NewEvent, UserId)>,
        expires_at: UnixTime,
    ) -> Result<(), StoreError> {
        let invited_by = by.map(|(_, id)| id.to_string());
        in_transaction!(self, |transaction| {
            let insert = sqlx::query(INSERT).bind(code_hash).bind(invited_by).bind(expires_at.0);
            insert.execute(&mut *transaction).await?;
            if let Some((event, id)) = by {
                events::of_user(event, *id).execute(&mut *transaction).await?;
            }
        });
        Ok(())
    }

    /// Returns whether this invitation exists and is valid.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_invitation(&self, code_hash: &str, now: UnixTime) -> Result<bool, StoreError> {
        let row: Option<(i64,)> =
            on_pool!(self, |pool| sqlx::query_as(FIND).bind(code_hash).bind(now.0).fetch_optional(pool).await?);
        Ok(row.is_some())
    }

    /// Creates an account with an invitation and marks it as used, or changes nothing. Of two at the same time, one
    /// succeeds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn redeem_invitation(
        &self,
        code_hash: &str,
        now: UnixTime,
        user: &User,
        password: &PasswordHash,
        event: &NewEvent,
    ) -> Result<Redeemed, StoreError> {
        let redeemed = in_transaction!(self, |transaction| {
            let locked = sqlx::query(LOCK).bind(code_hash).bind(now.0).execute(&mut *transaction).await?;
            sqlx::query(users::LOCK_NAMES).execute(&mut *transaction).await?;
            if locked.rows_affected() == 0 {
                Redeemed::NotValid
            } else if users::insert(user, password).execute(&mut *transaction).await?.rows_affected() == 0 {
                Redeemed::Taken
            } else {
                sqlx::query(USE).bind(code_hash).execute(&mut *transaction).await?;
                events::of_user(event, user.id).execute(&mut *transaction).await?;
                Redeemed::Yes
            }
        });
        Ok(redeemed)
    }

    /// Removes invitations that have expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_invitations(&self, now: UnixTime) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            sqlx::query(PURGE).bind(now.0).execute(&mut *transaction).await?;
        });
        Ok(())
    }
}

/// Removes the invitations that a user made, inside a transaction of `sessions`: a link is valid only as long as its
/// maker may invite.
pub(super) fn withdraw<'q, D>(by: UserId) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(WITHDRAW).bind(by.to_string())
}
