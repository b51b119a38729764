//! The table `users`.

use super::error::StoreError;
use super::events;
use super::pool::{Store, in_transaction, on_pool};
use crate::server::domain::email::Email;
use crate::server::domain::ids::UserId;
use crate::server::domain::password::PasswordHash;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::user::{Roles, User};
use crate::server::domain::username::{Username, skeleton_rules};

/// Whether a new user was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    Yes,
    /// The name is taken, or looks like a name that is taken.
    Taken,
}

/// The users that a page shows.
#[derive(Clone, Debug)]
pub struct UsersPage {
    /// The text that their names contain.
    pub part: String,
    /// The name after which they begin.
    pub after: String,
    pub limit: i64,
    pub now: UnixTime,
    /// A session that was last refreshed before this time has ended.
    pub kept_since: UnixTime,
    pub brief_since: UnixTime,
}

/// A user, and the live sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedUser {
    pub user: User,
    pub sessions: i64,
    pub last_used_at: Option<UnixTime>,
}

type Row = (String, String, String, i64, Option<i64>);
type CredentialsRow = (String, String, String, i64, Option<i64>, String);
type ListedRow = (String, String, String, i64, Option<i64>, i64, Option<i64>);

const FIND: &str = "SELECT id, username, roles, created_at, disabled_at, password_hash FROM users WHERE username = $1";
/// An empty name is nobody's.
const FIND_BY_ADDRESS: &str = "SELECT id, username, roles, created_at, disabled_at, password_hash FROM users \
                               WHERE id = COALESCE((SELECT user_id FROM email_addresses WHERE lookup = $1), \
                               (SELECT id FROM users WHERE username = $2))";
const GET: &str = "SELECT id, username, roles, created_at, disabled_at FROM users WHERE id = $1";
const GET_CREDENTIALS: &str =
    "SELECT id, username, roles, created_at, disabled_at, password_hash FROM users WHERE id = $1";
const LIST: &str = "SELECT id, username, roles, created_at, disabled_at FROM users ORDER BY username";
const ANY: &str = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM users LIMIT 1) AS first_row";
/// [`Username::skeleton`] explains which names clash.
const INSERT: &str = "INSERT INTO users (id, username, skeleton, is_ascii, password_hash, roles, created_at) \
                      SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS \
                      (SELECT 1 FROM users WHERE skeleton = $3 AND (is_ascii = 0 OR $4 = 0)) \
                      ON CONFLICT (username) DO NOTHING";
/// Changes nothing, but locks the row: a second transaction that adds a user waits until the first has committed.
/// Otherwise two names that look alike would not see each other. Comes before [`insert`], in the same transaction.
pub(super) const LOCK_NAMES: &str = "UPDATE counters SET value = value WHERE name = 'skeletons'";
/// Skeletons that are missing or made by other rules: a process of an earlier version adds users without one.
const SKELETONS_ARE_STALE: &str = "SELECT COUNT(*) FROM counters WHERE name = 'skeletons' \
                                   AND (value <> $1 OR EXISTS (SELECT 1 FROM users WHERE skeleton = ''))";
const SET_SKELETON_RULES: &str = "UPDATE counters SET value = $1 WHERE name = 'skeletons'";
const NAMES: &str = "SELECT id, username, skeleton FROM users";
const SET_SKELETON: &str = "UPDATE users SET skeleton = $2, is_ascii = $3 WHERE id = $1";
const DISABLE: &str = "UPDATE users SET disabled_at = $2 WHERE id = $1";
const ENABLE: &str = "UPDATE users SET disabled_at = NULL WHERE id = $1";
const SET_PASSWORD: &str = "UPDATE users SET password_hash = $2 WHERE id = $1";
const REPLACE_PASSWORD: &str = "UPDATE users SET password_hash = $2 WHERE id = $1 AND password_hash = $3";
const SET_ROLES: &str = "UPDATE users SET roles = $2 WHERE id = $1";
/// With the live sessions: not ended and not expired, by the rules of `domain/session.rs`.
const PAGE: &str = "SELECT users.id, username, roles, created_at, disabled_at, COUNT(sessions.id), MAX(last_used_at) \
                    FROM users LEFT JOIN sessions ON user_id = users.id AND reused_at IS NULL AND expires_at > $4 \
                    AND rotated_at > CASE kind WHEN 'kept' THEN $5 ELSE $6 END \
                    WHERE username LIKE $1 ESCAPE '\\' AND username > $2 \
                    GROUP BY users.id, username, roles, created_at, disabled_at ORDER BY username LIMIT $3";
const DELETE: &str = "DELETE FROM users WHERE id = $1";

impl Store {
    /// Returns the user with this name, and the hash of the password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user(&self, username: &Username) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let row: Option<CredentialsRow> =
            on_pool!(self, |pool| sqlx::query_as(FIND).bind(username.as_str()).fetch_optional(pool).await?);
        row.map(credentials).transpose()
    }

    /// Returns the user with this id, and the hash of the password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_credentials(&self, id: UserId) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let row: Option<CredentialsRow> =
            on_pool!(self, |pool| sqlx::query_as(GET_CREDENTIALS).bind(id.to_string()).fetch_optional(pool).await?);
        row.map(credentials).transpose()
    }

    /// Returns the user with this confirmed address; if there is none, the user with this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user_by_address(
        &self,
        email: &Email,
        name: Option<&Username>,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let name = name.map_or("", Username::as_str);
        let row: Option<CredentialsRow> = on_pool!(self, |pool| {
            sqlx::query_as(FIND_BY_ADDRESS).bind(email.lookup()).bind(name).fetch_optional(pool).await?
        });
        row.map(credentials).transpose()
    }

    /// Returns the user with this id, if it still exists.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row: Option<Row> =
            on_pool!(self, |pool| sqlx::query_as(GET).bind(id.to_string()).fetch_optional(pool).await?);
        row.map(user).transpose()
    }

    /// Returns all users, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_users(&self) -> Result<Vec<User>, StoreError> {
        let rows: Vec<Row> = on_pool!(self, |pool| sqlx::query_as(LIST).fetch_all(pool).await?);
        rows.into_iter().map(user).collect()
    }

    /// Returns whether there is any user.
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
    pub async fn insert_user(
        &self,
        user: &User,
        password: &PasswordHash,
        event: &NewEvent,
    ) -> Result<Inserted, StoreError> {
        let inserted = in_transaction!(self, |transaction| {
            sqlx::query(LOCK_NAMES).execute(&mut *transaction).await?;
            if insert(user, password).execute(&mut *transaction).await?.rows_affected() == 0 {
                Inserted::Taken
            } else {
                events::of_user(event, user.id).execute(&mut *transaction).await?;
                Inserted::Yes
            }
        });
        Ok(inserted)
    }

    /// Enables a disabled user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enable_user(&self, id: UserId, event: &NewEvent) -> Result<(), StoreError> {
        in_transaction!(self, |transaction| {
            sqlx::query(ENABLE).bind(id.to_string()).execute(&mut *transaction).await?;
            events::of_user(event, id).execute(&mut *transaction).await?;
        });
        Ok(())
    }

    /// Stores a new hash of the same password. Does nothing if the password has changed since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew_password_hash(
        &self,
        id: UserId,
        from: &PasswordHash,
        to: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let renewed = in_transaction!(self, |transaction| {
            replace_password(id, from, to).execute(&mut *transaction).await?.rows_affected()
        });
        Ok(renewed == 1)
    }

    /// Returns one page of users, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page_users(&self, page: &UsersPage) -> Result<Vec<ListedUser>, StoreError> {
        let part = format!("%{}%", page.part.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"));
        let rows: Vec<ListedRow> = on_pool!(self, |pool| {
            let query = sqlx::query_as(PAGE).bind(&part).bind(&page.after).bind(page.limit).bind(page.now.0);
            query.bind(page.kept_since.0).bind(page.brief_since.0).fetch_all(pool).await?
        });
        rows.into_iter().map(listed).collect()
    }

    /// Computes skeletons that are missing, or were made by other rules.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn renew_skeletons(&self) -> Result<(), StoreError> {
        let rules = skeleton_rules();
        let (stale,): (i64,) =
            on_pool!(self, |pool| sqlx::query_as(SKELETONS_ARE_STALE).bind(rules).fetch_one(pool).await?);
        if stale == 0 {
            return Ok(());
        }
        in_transaction!(self, |transaction| {
            // First: from here on, no other process adds a user.
            sqlx::query(SET_SKELETON_RULES).bind(rules).execute(&mut *transaction).await?;
            let rows: Vec<(String, String, String)> = sqlx::query_as(NAMES).fetch_all(&mut *transaction).await?;
            for (id, username, kept) in rows {
                // A damaged name must not stop the start. A query for that user returns the error.
                let Ok(username) = Username::parse(&username) else { continue };
                let skeleton = username.skeleton();
                if skeleton != kept {
                    let set = sqlx::query(SET_SKELETON).bind(id).bind(skeleton).bind(is_ascii(&username));
                    set.execute(&mut *transaction).await?;
                }
            }
        });
        Ok(())
    }
}

/// Changes the hash of a password, inside a transaction of `sessions`.
pub(super) fn set_password<'q, D>(id: UserId, password: &PasswordHash) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(SET_PASSWORD).bind(id.to_string()).bind(password.as_stored().to_owned())
}

/// Changes it only if it is still `from`.
pub(super) fn replace_password<'q, D>(
    id: UserId,
    from: &PasswordHash,
    to: &PasswordHash,
) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    let (from, to) = (from.as_stored().to_owned(), to.as_stored().to_owned());
    sqlx::query(REPLACE_PASSWORD).bind(id.to_string()).bind(to).bind(from)
}

/// Changes the roles of a user, inside a transaction of `sessions`.
pub(super) fn set_roles<'q, D>(id: UserId, roles: &Roles) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(SET_ROLES).bind(id.to_string()).bind(roles.to_string())
}

/// Disables a user, inside a transaction of `sessions`.
pub(super) fn disable<'q, D>(id: UserId, at: UnixTime) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(DISABLE).bind(id.to_string()).bind(at.0)
}

/// Removes a user whose sessions were removed, inside a transaction of `sessions`.
pub(super) fn delete<'q, D>(id: UserId) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(DELETE).bind(id.to_string())
}

/// Inserts a new user. Inserts no row if the name is taken, or looks like one that is. [`LOCK_NAMES`] comes first.
pub(super) fn insert<'q, D>(user: &User, password: &PasswordHash) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    sqlx::query(INSERT)
        .bind(user.id.to_string())
        .bind(user.username.to_string())
        .bind(user.username.skeleton())
        .bind(is_ascii(&user.username))
        .bind(password.as_stored().to_owned())
        .bind(user.roles.to_string())
        .bind(user.created_at.0)
}

fn is_ascii(username: &Username) -> i64 {
    i64::from(username.as_str().is_ascii())
}

fn listed(row: ListedRow) -> Result<ListedUser, StoreError> {
    let (id, username, roles, created_at, disabled_at, sessions, last_used_at) = row;
    let user = user((id, username, roles, created_at, disabled_at))?;
    Ok(ListedUser { user, sessions, last_used_at: last_used_at.map(UnixTime) })
}

fn credentials(row: CredentialsRow) -> Result<(User, PasswordHash), StoreError> {
    let (id, username, roles, created_at, disabled_at, hash) = row;
    Ok((user((id, username, roles, created_at, disabled_at))?, PasswordHash::from_stored(hash)))
}

fn user((id, username, roles, created_at, disabled_at): Row) -> Result<User, StoreError> {
    Ok(User {
        id: UserId::parse(&id).map_err(|_| StoreError::Damaged("users.id"))?,
        username: Username::parse(&username).map_err(|_| StoreError::Damaged("users.username"))?,
        roles: Roles::parse(&roles).ok_or(StoreError::Damaged("users.roles"))?,
        created_at: UnixTime(created_at),
        disabled_at: disabled_at.map(UnixTime),
    })
}
