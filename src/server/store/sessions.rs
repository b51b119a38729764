//! The table `sessions`, and every way in which one ends: always together with its row in the blocklist.

use std::time::Duration;

use super::blocklist::{INSERT as BLOCK, NEXT_SEQ};
use super::pool::{Store, StoreError, in_transaction, on_pool};
use super::users;
use crate::server::domain::blocklist::keep_until;
use crate::server::domain::ids::{SessionId, UserId};
use crate::server::domain::password::PasswordHash;
use crate::server::domain::session::Session;
use crate::server::domain::unix_time::UnixTime;

const START: &str = "INSERT INTO sessions (id, user_id, started_at, expires_at) \
                     SELECT $1, id, $3, $4 FROM users WHERE id = $2 AND password_hash = $5";
const OF_USER: &str = "SELECT id, expires_at FROM sessions WHERE user_id = $1";
const END: &str = "DELETE FROM sessions WHERE id = $1";
const END_ALL: &str = "DELETE FROM sessions WHERE user_id = $1";
const PURGE: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 LIMIT $2)";

/// What else happens to a user whose sessions all end, in the same transaction.
pub enum Along {
    ChangePassword(PasswordHash),
    Remove,
}

impl Store {
    /// Keeps a new session; `false` where its user is gone, or has another password, since the sign-in looked: whoever
    /// was let in by the old password just before it changed gets no session just after.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn start_session(&self, session: &Session, verified: &PasswordHash) -> Result<bool, StoreError> {
        let started = in_transaction!(self, |transaction| {
            sqlx::query(START)
                .bind(session.id.to_string())
                .bind(session.user_id.to_string())
                .bind(session.started_at.0)
                .bind(session.expires_at.0)
                .bind(verified.as_stored())
                .execute(&mut *transaction)
                .await?
                .rows_affected()
        });
        Ok(started == 1)
    }

    /// Ends one session: durable when this returns. Twice is as good as once.
    ///
    /// # Errors
    /// [`StoreError`]; then the session may or may not have ended, and the caller must not say that it has.
    pub async fn end_session(&self, id: SessionId, keep_until: UnixTime) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            let (seq,): (i64,) = sqlx::query_as(NEXT_SEQ).fetch_one(&mut *transaction).await?;
            sqlx::query(BLOCK).bind(id.to_string()).bind(keep_until.0).bind(seq).execute(&mut *transaction).await?;
            sqlx::query(END).bind(id.to_string()).execute(&mut *transaction).await?;
        });
        Ok(())
    }

    /// Ends all sessions of a user, by their ids, and does one thing more, all or nothing. `leeway` is that of
    /// verification.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_sessions_of(&self, user: UserId, leeway: Duration, along: &Along) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            let (seq,): (i64,) = sqlx::query_as(NEXT_SEQ).fetch_one(&mut *transaction).await?;
            let sessions: Vec<(String, i64)> =
                sqlx::query_as(OF_USER).bind(user.to_string()).fetch_all(&mut *transaction).await?;
            for (id, expires_at) in sessions {
                let until = keep_until(UnixTime(expires_at), leeway);
                sqlx::query(BLOCK).bind(id).bind(until.0).bind(seq).execute(&mut *transaction).await?;
            }
            sqlx::query(END_ALL).bind(user.to_string()).execute(&mut *transaction).await?;
            match along {
                Along::ChangePassword(hash) => users::set_password(user, hash).execute(&mut *transaction).await?,
                Along::Remove => users::delete(user).execute(&mut *transaction).await?,
            };
        });
        Ok(())
    }

    /// Removes sessions that expired before `before`, at most `limit`; answers how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_sessions(&self, before: UnixTime, limit: i64) -> Result<u64, StoreError> {
        Ok(on_pool!(self, |pool| sqlx::query(PURGE).bind(before.0).bind(limit).execute(pool).await?.rows_affected()))
    }
}
