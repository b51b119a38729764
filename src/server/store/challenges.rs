//! The table `challenges`.

use super::error::StoreError;
use super::pool::{Store, in_transaction, on_pool};
use super::{events, recovery_codes, totp};
use crate::server::domain::challenge::{ChallengeHash, KeptChallenge, MAX_REFUSALS, Purpose};
use crate::server::domain::ids::UserId;
use crate::server::domain::recovery_code::RecoveryCodeHash;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::totp::TimeStep;
use crate::server::domain::unix_time::UnixTime;

/// A question that is asked again replaces the last one.
const INSERT: &str = "INSERT INTO challenges (id_hash, purpose, user_id, state, refusals, expires_at) \
                      VALUES ($1, $2, $3, $4, 0, $5) \
                      ON CONFLICT (id_hash) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at";
const FIND: &str = "SELECT user_id, state FROM challenges WHERE id_hash = $1 AND purpose = $2 AND expires_at > $3";
/// Of two at the same time, one gets the row.
const TAKE: &str = "DELETE FROM challenges WHERE id_hash = $1 AND purpose = $2 AND expires_at > $3 \
                    RETURNING user_id, state";
const REFUSE: &str = "UPDATE challenges SET refusals = refusals + 1 WHERE id_hash = $1 RETURNING refusals";
const REMOVE: &str = "DELETE FROM challenges WHERE id_hash = $1";
const WITHDRAW: &str = "DELETE FROM challenges WHERE user_id = $1";
const PURGE: &str = "DELETE FROM challenges WHERE expires_at < $1";

/// A code that answers a challenge. Each can be used once.
pub enum Code {
    /// Of an app: the encrypted secret that it was checked with, and its step.
    Totp {
        sealed: String,
        step: TimeStep,
    },
    Recovery {
        hash: RecoveryCodeHash,
        event: NewEvent,
    },
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The challenge is taken, and the code is used.
    Right,
    /// The code was used before, or is none of this user. Nothing has changed.
    Wrong,
    /// The challenge was answered, withdrawn, or has expired. Nothing has changed.
    Gone,
}

type Row = (Option<String>, String);

impl Store {
    /// Keeps a challenge.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_challenge(
        &self,
        purpose: Purpose,
        challenge: &KeptChallenge,
        expires_at: UnixTime,
    ) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            sqlx::query(INSERT)
                .bind(challenge.hash.as_str())
                .bind(purpose.as_str())
                .bind(challenge.user_id.map(|id| id.to_string()))
                .bind(&challenge.state)
                .bind(expires_at.0)
                .execute(&mut *transaction)
                .await?;
        });
        Ok(())
    }

    /// Returns a challenge that was not answered, and has not expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_challenge(
        &self,
        hash: &ChallengeHash,
        purpose: Purpose,
        now: UnixTime,
    ) -> Result<Option<KeptChallenge>, StoreError> {
        let row: Option<Row> = on_pool!(self, |pool| {
            sqlx::query_as(FIND).bind(hash.as_str()).bind(purpose.as_str()).bind(now.0).fetch_optional(pool).await?
        });
        row.map(|row| kept(hash, row)).transpose()
    }

    /// Returns a challenge as [`Self::find_challenge`], and removes it. Of two answers at the same time, one gets it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_challenge(
        &self,
        hash: &ChallengeHash,
        purpose: Purpose,
        now: UnixTime,
    ) -> Result<Option<KeptChallenge>, StoreError> {
        let row: Option<Row> = in_transaction!(self, |transaction| {
            let take = sqlx::query_as(TAKE).bind(hash.as_str()).bind(purpose.as_str()).bind(now.0);
            take.fetch_optional(&mut *transaction).await?
        });
        row.map(|row| kept(hash, row)).transpose()
    }

    /// Takes the challenge of a user and uses the code, both or neither.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answer_challenge(
        &self,
        hash: &ChallengeHash,
        user: UserId,
        code: &Code,
        now: UnixTime,
    ) -> Result<Answered, StoreError> {
        in_transaction!(self, |transaction| {
            let take = sqlx::query_as(TAKE).bind(hash.as_str()).bind(Purpose::SecondFactor.as_str()).bind(now.0);
            let taken: Option<Row> = take.fetch_optional(&mut *transaction).await?;
            if taken.is_none_or(|(of, _)| of != Some(user.to_string())) {
                return Ok(Answered::Gone);
            }
            let change = match code {
                Code::Totp { sealed, step } => totp::use_code(user, sealed, *step, now),
                Code::Recovery { hash, .. } => recovery_codes::use_code(hash, user, now),
            };
            if change.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(Answered::Wrong);
            }
            if let Code::Recovery { event, .. } = code {
                events::of_user(event, user).execute(&mut *transaction).await?;
            }
        });
        Ok(Answered::Right)
    }

    /// Counts a wrong answer. After [`MAX_REFUSALS`] the challenge is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refuse_challenge(&self, hash: &ChallengeHash) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            let row: Option<(i64,)> =
                sqlx::query_as(REFUSE).bind(hash.as_str()).fetch_optional(&mut *transaction).await?;
            if row.is_some_and(|(refusals,)| refusals >= MAX_REFUSALS) {
                sqlx::query(REMOVE).bind(hash.as_str()).execute(&mut *transaction).await?;
            }
        });
        Ok(())
    }

    /// Removes challenges that have expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_challenges(&self, now: UnixTime) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            sqlx::query(PURGE).bind(now.0).execute(&mut *transaction).await?;
        });
        Ok(())
    }
}

/// Removes the challenges of a user, inside a transaction of `sessions`: who began to sign in with the old password must
/// begin again.
pub(super) fn withdraw<'q, D>(user: UserId) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(WITHDRAW).bind(user.to_string())
}

fn kept(hash: &ChallengeHash, (user_id, state): Row) -> Result<KeptChallenge, StoreError> {
    let user_id = user_id.map(|id| UserId::parse(&id).map_err(|_| StoreError::Damaged("challenges.user_id")));
    Ok(KeptChallenge { hash: hash.clone(), user_id: user_id.transpose()?, state })
}
