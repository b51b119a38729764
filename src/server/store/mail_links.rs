//! The tables `mail_links` and `email_addresses`. A link and the mail that has it are stored together.

use super::error::StoreError;
use super::mail_queue::{NewMail, enqueue};
use super::pool::{Pool, Store, in_transaction, on_pool};
use super::{events, lock_order};
use crate::server::domain::email::Email;
use crate::server::domain::ids::UserId;
use crate::server::domain::mail_link::{LinkHash, Purpose};
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::unix_time::UnixTime;

const INSERT: &str = "INSERT INTO mail_links (code_hash, purpose, user_id, address, expires_at) \
                      SELECT $1, $2, id, $4, $5 FROM users WHERE id = $3";
const FIND: &str = "SELECT user_id, address FROM mail_links WHERE code_hash = $1 AND purpose = $2 AND expires_at > $3";
const USE: &str = "DELETE FROM mail_links WHERE code_hash = $1 AND purpose = $2 AND expires_at > $3";
const WITHDRAW: &str = "DELETE FROM mail_links WHERE user_id = $1";
const WITHDRAW_OLDER: &str = "DELETE FROM mail_links WHERE user_id = $1 AND purpose = $2";
const PURGE: &str = "DELETE FROM mail_links WHERE expires_at < $1";

const ADDRESS_OF: &str = "SELECT address FROM email_addresses WHERE user_id = $1";
const FORGET_ADDRESS: &str = "DELETE FROM email_addresses WHERE user_id = $1";
/// Waits for another transaction that uses the same address.
const SET_ADDRESS: &str = "INSERT INTO email_addresses (user_id, address, lookup, verified_at) VALUES ($1, $2, $3, $4) \
                           ON CONFLICT (lookup) DO NOTHING";

/// A link that is not stored yet.
#[derive(Clone, Debug)]
pub struct NewLink {
    pub hash: LinkHash,
    pub purpose: Purpose,
    pub user_id: UserId,
    /// Where its mail goes.
    pub address: String,
    pub expires_at: UnixTime,
}

/// A link that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLink {
    pub user_id: UserId,
    pub address: String,
}

/// The result of confirming an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    Yes,
    /// The link was used, or has expired.
    NotValid,
    /// Another account has the address. The link still works.
    Taken,
}

impl Store {
    /// Stores a link and the mails about it. A link to confirm an address replaces older ones. Others do not, because anyone
    /// can ask for them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_link(&self, link: &NewLink, mails: &[NewMail]) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            if matches!(self.pool, Pool::Postgres(_)) {
                lock_order::lock_users(link.user_id, false).execute(&mut *transaction).await?;
            }
            let (user, purpose) = (link.user_id.to_string(), link.purpose.as_str());
            if link.purpose == Purpose::ConfirmEmail {
                sqlx::query(WITHDRAW_OLDER).bind(&user).bind(purpose).execute(&mut *transaction).await?;
            }
            let insert = sqlx::query(INSERT).bind(link.hash.as_str()).bind(purpose).bind(&user);
            insert.bind(&link.address).bind(link.expires_at.0).execute(&mut *transaction).await?;
            for mail in mails {
                enqueue(mail).execute(&mut *transaction).await?;
            }
        });
        Ok(())
    }

    /// Returns the link with this hash, if it works.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_link(
        &self,
        hash: &LinkHash,
        purpose: Purpose,
        now: UnixTime,
    ) -> Result<Option<KeptLink>, StoreError> {
        let row: Option<(String, String)> = on_pool!(self, |pool| {
            let find = sqlx::query_as(FIND).bind(hash.as_str()).bind(purpose.as_str()).bind(now.0);
            find.fetch_optional(pool).await?
        });
        row.map(|(user_id, address)| {
            let user_id = UserId::parse(&user_id).map_err(|_| StoreError::Damaged("mail_links.user_id"))?;
            Ok(KeptLink { user_id, address })
        })
        .transpose()
    }

    /// Returns the address of a user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_address(&self, user: UserId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            on_pool!(self, |pool| sqlx::query_as(ADDRESS_OF).bind(user.to_string()).fetch_optional(pool).await?);
        Ok(row.map(|(address,)| address))
    }

    /// Uses a link, and makes `email` the address of its user. All other links of the user stop working. `told`: the mails
    /// about it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn confirm_address(
        &self,
        hash: &LinkHash,
        (user, email): (UserId, &Email),
        told: &[NewMail],
        event: &NewEvent,
    ) -> Result<Confirmed, StoreError> {
        let confirmed = in_transaction!(self, |transaction| {
            if matches!(self.pool, Pool::Postgres(_)) {
                // Before the link, as a change of the user locks them too.
                lock_order::lock_users(user, false).execute(&mut *transaction).await?;
            }
            let spent = use_link(hash, Purpose::ConfirmEmail, event.at);
            if spent.execute(&mut *transaction).await?.rows_affected() == 0 {
                Confirmed::NotValid
            } else {
                let id = user.to_string();
                sqlx::query(WITHDRAW).bind(&id).execute(&mut *transaction).await?;
                sqlx::query(FORGET_ADDRESS).bind(&id).execute(&mut *transaction).await?;
                let set = sqlx::query(SET_ADDRESS).bind(&id).bind(email.as_str()).bind(email.lookup()).bind(event.at.0);
                if set.execute(&mut *transaction).await?.rows_affected() == 0 {
                    // Without a commit: the user may try again.
                    return Ok(Confirmed::Taken);
                }
                events::of_user(event, user).execute(&mut *transaction).await?;
                for mail in told {
                    enqueue(mail).execute(&mut *transaction).await?;
                }
                Confirmed::Yes
            }
        });
        Ok(confirmed)
    }

    /// Removes links that have expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_links(&self, now: UnixTime) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            sqlx::query(PURGE).bind(now.0).execute(&mut *transaction).await?;
        });
        Ok(())
    }
}

/// Makes all links of a user void, inside a transaction of `sessions`: they were sent before what changes now.
pub(super) fn withdraw<'q, D>(user: UserId) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(WITHDRAW).bind(user.to_string())
}

/// Uses a link, inside a transaction of `sessions`.
pub(super) fn use_link<'q, D>(
    hash: &LinkHash,
    purpose: Purpose,
    now: UnixTime,
) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(USE).bind(hash.as_str().to_owned()).bind(purpose.as_str().to_owned()).bind(now.0)
}
