//! The table `users`.

use super::pool::{Store, StoreError, in_transaction, on_pool};
use crate::server::domain::ids::UserId;
use crate::server::domain::password::PasswordHash;
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::user::{Roles, User};
use crate::server::domain::username::Username;

/// Whether a new user came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    Yes,
    /// The name is taken.
    Taken,
}

type Row = (String, String, String, i64);

const FIND: &str = "SELECT id, username, roles, created_at, password_hash FROM users WHERE username = $1";
const GET: &str = "SELECT id, username, roles, created_at FROM users WHERE id = $1";
const LIST: &str = "SELECT id, username, roles, created_at FROM users ORDER BY username";
const ANY: &str = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM users LIMIT 1) AS first_row";
const INSERT: &str = "INSERT INTO users (id, username, password_hash, roles, created_at) \
                      VALUES ($1, $2, $3, $4, $5) ON CONFLICT (username) DO NOTHING";
const LOCK_FIRST: &str = "UPDATE counters SET value = value + 1 WHERE name = 'first_account'";
const SET_PASSWORD: &str = "UPDATE users SET password_hash = $2 WHERE id = $1";
const DELETE: &str = "DELETE FROM users WHERE id = $1";

impl Store {
    /// The user of this name, with what is kept of the password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user(&self, username: &Username) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let row: Option<(String, String, String, i64, String)> =
            on_pool!(self, |pool| sqlx::query_as(FIND).bind(username.as_str()).fetch_optional(pool).await?);
        row.map(|(id, username, roles, created_at, hash)| {
            Ok((user((id, username, roles, created_at))?, PasswordHash::from_stored(hash)))
        })
        .transpose()
    }

    /// The user with this id, if still there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row: Option<Row> =
            on_pool!(self, |pool| sqlx::query_as(GET).bind(id.to_string()).fetch_optional(pool).await?);
        row.map(user).transpose()
    }

    /// All users, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_users(&self) -> Result<Vec<User>, StoreError> {
        let rows: Vec<Row> = on_pool!(self, |pool| sqlx::query_as(LIST).fetch_all(pool).await?);
        rows.into_iter().map(user).collect()
    }

    /// Whether there is any user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        let (count,): (i64,) = on_pool!(self, |pool| sqlx::query_as(ANY).fetch_one(pool).await?);
        Ok(count > 0)
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_user(&self, user: &User, password: &PasswordHash) -> Result<Inserted, StoreError> {
        let done = on_pool!(self, |pool| insert(user, password, INSERT).execute(pool).await?.rows_affected());
        Ok(if done == 1 { Inserted::Yes } else { Inserted::Taken })
    }

    /// Adds a user if there is none at all; `false` where somebody was first. Of claims at the same time one wins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_first_user(&self, user: &User, password: &PasswordHash) -> Result<bool, StoreError> {
        let inserted = in_transaction!(self, |transaction| {
            // Whoever comes second waits here until the first has committed, and then sees its row.
            sqlx::query(LOCK_FIRST).execute(&mut *transaction).await?;
            let (users,): (i64,) = sqlx::query_as(ANY).fetch_one(&mut *transaction).await?;
            if users == 0 {
                insert(user, password, INSERT).execute(&mut *transaction).await?;
            }
            users == 0
        });
        Ok(inserted)
    }
}

/// Changes what is kept of a password, inside a transaction of `sessions`.
pub(super) fn set_password<'q, D>(id: UserId, password: &PasswordHash) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(SET_PASSWORD).bind(id.to_string()).bind(password.as_stored().to_owned())
}

/// Removes a user whose sessions are gone, inside a transaction of `sessions`.
pub(super) fn delete<'q, D>(id: UserId) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(DELETE).bind(id.to_string())
}

fn insert<'q, D>(user: &User, password: &PasswordHash, sql: &'static str) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(sql)
        .bind(user.id.to_string())
        .bind(user.username.to_string())
        .bind(password.as_stored().to_owned())
        .bind(user.roles.to_string())
        .bind(user.created_at.0)
}

fn user((id, username, roles, created_at): Row) -> Result<User, StoreError> {
    Ok(User {
        id: UserId::parse(&id).map_err(|_| StoreError::Damaged("users.id"))?,
        username: Username::parse(&username).map_err(|_| StoreError::Damaged("users.username"))?,
        roles: Roles::parse(&roles).ok_or(StoreError::Damaged("users.roles"))?,
        created_at: UnixTime(created_at),
    })
}
