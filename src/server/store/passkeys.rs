//! The table `passkeys`.

use super::error::StoreError;
use super::pool::{Pool, Store, in_transaction, on_pool};
use super::{events, factors, lock_order, recovery_codes};
use crate::server::domain::ids::{SessionId, UserId};
use crate::server::domain::methods::Methods;
use crate::server::domain::passkey::{Credential, Passkey, PasskeyId, PasskeyName};
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::unix_time::UnixTime;

const INSERT: &str = "INSERT INTO passkeys (id, user_id, name, credential, quiet, created_at) \
                      SELECT $1, id, $3, $4, $5, $6 FROM users WHERE id = $2 AND disabled_at IS NULL \
                      ON CONFLICT (id) DO NOTHING";
const FIND: &str = "SELECT id, user_id, name, credential, quiet, created_at, last_used_at FROM passkeys WHERE id = $1";
const LIST: &str = "SELECT id, user_id, name, credential, quiet, created_at, last_used_at FROM passkeys \
                    WHERE user_id = $1 ORDER BY created_at, id";
const RENAME: &str = "UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2";
const REMOVE: &str = "DELETE FROM passkeys WHERE id = $1 AND user_id = $2";
/// The compare-and-swap: of two answers with the same counter, one is right.
const USE: &str = "UPDATE passkeys SET credential = $3, \
                   last_used_at = CASE WHEN last_used_at > $4 THEN last_used_at ELSE $4 END \
                   WHERE id = $1 AND credential = $2";

type Row = (String, String, String, String, i64, i64, Option<i64>);

impl Store {
    /// Keeps a new passkey. From now on `session`, in which it was made, is recognised by these methods. `false` if a passkey
    /// with this id exists, or the user is gone or disabled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_passkey(
        &self,
        passkey: &Passkey,
        session: Option<(SessionId, Methods)>,
        event: &NewEvent,
    ) -> Result<bool, StoreError> {
        let user = passkey.user_id;
        let inserted = in_transaction!(self, |transaction| {
            if matches!(self.pool, Pool::Postgres(_)) {
                lock_order::lock_users(user, false).execute(&mut *transaction).await?;
            }
            let insert = sqlx::query(INSERT)
                .bind(passkey.id.as_str())
                .bind(user.to_string())
                .bind(passkey.name.as_str())
                .bind(passkey.credential.to_stored())
                .bind(i64::from(passkey.quiet))
                .bind(passkey.created_at.0);
            let inserted = insert.execute(&mut *transaction).await?.rows_affected() == 1;
            if inserted {
                if let Some((session, methods)) = session {
                    factors::recognise(session, methods).execute(&mut *transaction).await?;
                }
                events::of_user(event, user).execute(&mut *transaction).await?;
            }
            inserted
        });
        Ok(inserted)
    }

    /// Returns the passkey with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_passkey(&self, id: &PasskeyId) -> Result<Option<Passkey>, StoreError> {
        let row: Option<Row> =
            on_pool!(self, |pool| sqlx::query_as(FIND).bind(id.as_str()).fetch_optional(pool).await?);
        row.map(passkey).transpose()
    }

    /// Returns the passkeys of a user, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_passkeys(&self, user: UserId) -> Result<Vec<Passkey>, StoreError> {
        let rows: Vec<Row> = on_pool!(self, |pool| sqlx::query_as(LIST).bind(user.to_string()).fetch_all(pool).await?);
        rows.into_iter().map(passkey).collect()
    }

    /// Gives a passkey of this user another name. `false` if the user has none with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rename_passkey(&self, user: UserId, id: &PasskeyId, name: &PasskeyName) -> Result<bool, StoreError> {
        let renamed = in_transaction!(self, |transaction| {
            let rename = sqlx::query(RENAME).bind(id.as_str()).bind(user.to_string()).bind(name.as_str());
            rename.execute(&mut *transaction).await?.rows_affected() == 1
        });
        Ok(renamed)
    }

    /// Removes a passkey of this user; after the last second factor, the recovery codes too. `false` if the user has none with
    /// this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_passkey(&self, user: UserId, id: &PasskeyId, event: &NewEvent) -> Result<bool, StoreError> {
        let removed = in_transaction!(self, |transaction| {
            if matches!(self.pool, Pool::Postgres(_)) {
                // Of the last two factors that go at the same time, one must see that no other is left.
                lock_order::lock_users(user, false).execute(&mut *transaction).await?;
            }
            let remove = sqlx::query(REMOVE).bind(id.as_str()).bind(user.to_string());
            let removed = remove.execute(&mut *transaction).await?.rows_affected() == 1;
            if removed {
                recovery_codes::remove_unless_needed(user).execute(&mut *transaction).await?;
                events::of_user(event, user).execute(&mut *transaction).await?;
            }
            removed
        });
        Ok(removed)
    }

    /// Records that a passkey was used. `false` if it was used or removed since it was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_passkey(&self, read: &Passkey, new: &Credential, at: UnixTime) -> Result<bool, StoreError> {
        let used = in_transaction!(self, |transaction| {
            let (before, after) = (read.credential.to_stored(), new.to_stored());
            let using = sqlx::query(USE).bind(read.id.as_str()).bind(before).bind(after).bind(at.0);
            using.execute(&mut *transaction).await?.rows_affected() == 1
        });
        Ok(used)
    }
}

fn passkey((id, user_id, name, credential, quiet, created_at, last_used_at): Row) -> Result<Passkey, StoreError> {
    Ok(Passkey {
        id: PasskeyId::parse(&id).ok_or(StoreError::Damaged("passkeys.id"))?,
        user_id: UserId::parse(&user_id).map_err(|_| StoreError::Damaged("passkeys.user_id"))?,
        name: PasskeyName::parse(&name).map_err(|_| StoreError::Damaged("passkeys.name"))?,
        credential: Credential::from_stored(&credential).ok_or(StoreError::Damaged("passkeys.credential"))?,
        quiet: quiet != 0,
        created_at: UnixTime(created_at),
        last_used_at: last_used_at.map(UnixTime),
    })
}
