//! Events of the table `security_events` that their users must be told by mail, and the mails that do it.

use super::error::StoreError;
use super::events::{Row, event};
use super::mail_queue::{NewMail, enqueue};
use super::pool::{Store, in_transaction, on_pool};
use crate::server::domain::ids::EventId;
use crate::server::domain::security_event::SecurityEvent;

const LIST: &str = "SELECT id, seq, at, kind, user_id, username, by_whom, device, address FROM security_events \
                    WHERE notice IS NOT NULL ORDER BY seq, id LIMIT $1";
/// Of several processes, one changes it.
const TAKE: &str = "UPDATE security_events SET notice = NULL WHERE id = $1 AND notice IS NOT NULL";
/// Whether a sign-in is neither the first one of its user, nor like an earlier one: the same program in the same network.
const IS_FROM_NEW_DEVICE: &str = "SELECT COUNT(*) FROM (SELECT 1 AS one) AS one_row WHERE EXISTS \
                                  (SELECT 1 FROM security_events WHERE user_id = $1 AND kind = 'signed_in' \
                                  AND seq <= $2 AND id <> $3) AND NOT EXISTS \
                                  (SELECT 1 FROM security_events WHERE user_id = $1 AND kind = 'signed_in' \
                                  AND seq <= $2 AND id <> $3 AND device = $4 AND address = $5)";

impl Store {
    /// Returns events that must be told, in their order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_notices(&self, limit: i64) -> Result<Vec<SecurityEvent>, StoreError> {
        let rows: Vec<Row> = on_pool!(self, |pool| sqlx::query_as(LIST).bind(limit).fetch_all(pool).await?);
        rows.into_iter().map(event).collect()
    }

    /// Returns whether this sign-in is from a device or a network from which the user has not signed in before, as far as
    /// events are kept. The first sign-in of an account is not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_from_new_device(&self, sign_in: &SecurityEvent) -> Result<bool, StoreError> {
        let (user, id, origin) = (sign_in.user_id.to_string(), sign_in.id.to_string(), &sign_in.origin);
        let (new,): (i64,) = on_pool!(self, |pool| {
            let is_new = sqlx::query_as(IS_FROM_NEW_DEVICE).bind(&user).bind(sign_in.seq).bind(&id);
            is_new.bind(&origin.device).bind(&origin.address).fetch_one(pool).await?
        });
        Ok(new > 0)
    }

    /// Replaces the order for a mail with the mail. Does nothing if another process has done it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell_notice(&self, event: EventId, mail: Option<&NewMail>) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            let taken = sqlx::query(TAKE).bind(event.to_string()).execute(&mut *transaction).await?;
            if let (1, Some(mail)) = (taken.rows_affected(), mail) {
                enqueue(mail).execute(&mut *transaction).await?;
            }
        });
        Ok(())
    }
}
