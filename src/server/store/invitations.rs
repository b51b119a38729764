//! The table `invitations`.

use super::pool::{Store, StoreError, in_transaction, on_pool};
use super::{events, users};
use crate::server::domain::ids::UserId;
use crate::server::domain::password::PasswordHash;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::user::User;

const INSERT: &str = "INSERT INTO invitations (code_hash, invited_by, expires_at) VALUES ($1, $2, $3)";
/// Changes nothing, and makes whoever comes second with the same code wait until the first has committed.
const LOCK: &str = "UPDATE invitations SET expires_at = expires_at WHERE code_hash = $1 AND expires_at > $2";
const USE: &str = "DELETE FROM invitations WHERE code_hash = $1";
const PURGE: &str = "DELETE FROM invitations WHERE expires_at < $1";

/// What became of an invitation that somebody brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// The account is made, the invitation used.
    Yes,
    /// Unknown, used or expired.
    NotValid,
    /// The name is taken; the invitation is still good.
    Taken,
}

impl Store {
    /// Keeps an invitation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_invitation(
        &self,
        code_hash: &str,
        invited_by: Option<UserId>,
        expires_at: UnixTime,
    ) -> Result<(), StoreError> {
        let invited_by = invited_by.map(|id| id.to_string());
        on_pool!(self, |pool| {
            let insert = sqlx::query(INSERT).bind(code_hash).bind(invited_by).bind(expires_at.0);
            insert.execute(pool).await.map(|_| ())?;
        });
        Ok(())
    }

    /// Makes an account with an invitation, which is used up by it, or makes nothing. Of two at once one wins.
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
        on_pool!(self, |pool| sqlx::query(PURGE).bind(now.0).execute(pool).await.map(|_| ())?);
        Ok(())
    }
}
