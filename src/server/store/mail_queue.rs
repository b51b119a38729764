//! The table `mail_queue`: mails until they are sent. A process claims a mail before it sends it, and removes it at once
//! after that.

use super::error::StoreError;
use super::pool::{Store, in_transaction, on_pool};
use crate::server::domain::ids::{MailId, UserId};
use crate::server::domain::unix_time::UnixTime;

const INSERT: &str = "INSERT INTO mail_queue (id, user_id, sealed, tries, due_at, give_up_at) \
                      SELECT $1, id, $3, 0, $4, $5 FROM users WHERE id = $2";
const DUE: &str = "SELECT id FROM mail_queue WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
/// The compare-and-swap: of several processes, one gets the mail. `tries` says later whether it still has it.
const CLAIM: &str = "UPDATE mail_queue SET tries = tries + 1, due_at = $3 WHERE id = $1 AND due_at <= $2 \
                     RETURNING user_id, sealed, tries, give_up_at";
const REMOVE: &str = "DELETE FROM mail_queue WHERE id = $1 AND tries = $2";
const POSTPONE: &str = "UPDATE mail_queue SET due_at = $3 WHERE id = $1 AND tries = $2";
const PURGE: &str = "DELETE FROM mail_queue WHERE give_up_at < $1";
const COUNT: &str = "SELECT COUNT(*) FROM mail_queue";

/// A mail for the queue.
#[derive(Clone, Debug)]
pub struct NewMail {
    pub id: MailId,
    /// The user of the account that it is about. If the account is removed, the mail is too.
    pub user_id: UserId,
    /// An encrypted [`Letter`](crate::server::domain::letter::Letter).
    pub sealed: String,
    pub due_at: UnixTime,
    pub give_up_at: UnixTime,
}

/// A mail that this process must send now.
#[derive(Clone, Debug)]
pub struct ClaimedMail {
    pub id: MailId,
    pub user_id: UserId,
    pub sealed: String,
    /// This one included.
    pub tries: i64,
    pub give_up_at: UnixTime,
}

impl Store {
    /// Returns mails that are due, the first ones first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_due_mails(&self, now: UnixTime, limit: i64) -> Result<Vec<MailId>, StoreError> {
        let rows: Vec<(String,)> =
            on_pool!(self, |pool| sqlx::query_as(DUE).bind(now.0).bind(limit).fetch_all(pool).await?);
        rows.iter().map(|(id,)| MailId::parse(id).map_err(|_| StoreError::Damaged("mail_queue.id"))).collect()
    }

    /// Claims a mail until `until`. `None` if another process has it, or has sent it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_mail(
        &self,
        id: MailId,
        now: UnixTime,
        until: UnixTime,
    ) -> Result<Option<ClaimedMail>, StoreError> {
        let row: Option<(String, String, i64, i64)> = in_transaction!(self, |transaction| {
            let claim = sqlx::query_as(CLAIM).bind(id.to_string()).bind(now.0).bind(until.0);
            claim.fetch_optional(&mut *transaction).await?
        });
        row.map(|(user_id, sealed, tries, give_up_at)| {
            let user_id = UserId::parse(&user_id).map_err(|_| StoreError::Damaged("mail_queue.user_id"))?;
            Ok(ClaimedMail { id, user_id, sealed, tries, give_up_at: UnixTime(give_up_at) })
        })
        .transpose()
    }

    /// Removes a mail that was sent, or is given up.
    ///
    /// # Errors
    /// [`StoreError`]; then another process may send it once more.
    pub async fn remove_mail(&self, mail: &ClaimedMail) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            sqlx::query(REMOVE).bind(mail.id.to_string()).bind(mail.tries).execute(&mut *transaction).await?;
        });
        Ok(())
    }

    /// Gives a mail back that was not sent. It is due at this time.
    ///
    /// # Errors
    /// [`StoreError`]; then it is due when the claim ends.
    pub async fn postpone_mail(&self, mail: &ClaimedMail, due_at: UnixTime) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            let postpone = sqlx::query(POSTPONE).bind(mail.id.to_string()).bind(mail.tries).bind(due_at.0);
            postpone.execute(&mut *transaction).await?;
        });
        Ok(())
    }

    /// Removes mails that nobody has sent or given up in time: no server on this store sends mail any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_mails(&self, before: UnixTime) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            sqlx::query(PURGE).bind(before.0).execute(&mut *transaction).await?;
        });
        Ok(())
    }

    /// Returns the number of mails that were not sent yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_mails(&self) -> Result<u64, StoreError> {
        let (count,): (i64,) = on_pool!(self, |pool| sqlx::query_as(COUNT).fetch_one(pool).await?);
        Ok(count.unsigned_abs())
    }
}

/// Queues a mail, inside the transaction of what it tells, if its user still exists.
pub(super) fn enqueue<'q, D>(mail: &NewMail) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(INSERT)
        .bind(mail.id.to_string())
        .bind(mail.user_id.to_string())
        .bind(mail.sealed.clone())
        .bind(mail.due_at.0)
        .bind(mail.give_up_at.0)
}
