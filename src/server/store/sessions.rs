//! The table `sessions`, and every way in which a session ends: always together with its row in the blocklist.

use std::sync::LazyLock;
use std::time::Duration;

use super::administrators::IS_LAST_ADMINISTRATOR;
use super::blocklist::{Numbers as _, entry_of};
use super::error::StoreError;
use super::many_rows::ManyRows;
use super::pool::{Pool, Store, in_transaction, on_pool};
use super::queue::{End, Start, Write};
use super::uses::Used;
use super::{challenges, events, factors, invitations, lock_order, mail_links, users};
use crate::server::domain::additional_claims::AdditionalClaims;
use crate::server::domain::blocklist::{Blocked, Entry, keep_until};
use crate::server::domain::ids::{SessionId, TokenId, UserId};
use crate::server::domain::mail_link::{LinkHash, Purpose};
use crate::server::domain::methods::Methods;
use crate::server::domain::password::PasswordHash;
use crate::server::domain::refresh_token::{Generation, Rotation};
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::session::{Lifetime, Origin, Session, SessionKind, SessionRules};
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::user::{Roles, User};

macro_rules! start {
    () => {
        "INSERT INTO sessions (id, user_id, started_at, expires_at, kind, generation, rotated_at, unseen_token, \
         token_expires_at, last_used_at, device, address, additional_claims, methods) \
         SELECT $1, id, $3, $4, $6, 0, $3, $7, $8, $3, $9, $10, $11, $13 FROM users \
         WHERE id = $2 AND password_hash = $5 AND roles = $12 AND disabled_at IS NULL"
    };
}
const START: &str = start!();
/// Waits for a change of the user that has begun, and then looks at the user again. Otherwise a session could begin with the
/// old password, after the change has ended all sessions and before it commits.
const START_ON_POSTGRES: &str = concat!(start!(), " FOR SHARE");
/// The compare-and-swap: of many requests with the same token, one rotates.
/// Times never go back: if the clock is behind for a moment, a session must not look unused for long.
pub(super) const ROTATE: &str = "UPDATE sessions SET generation = $3, unseen_token = $5, \
                                 rotated_at = CASE WHEN rotated_at < $4 THEN $4 ELSE rotated_at END, \
                                 last_used_at = CASE WHEN last_used_at < $4 THEN $4 ELSE last_used_at END, \
                                 token_expires_at = CASE WHEN token_expires_at < $6 THEN $6 ELSE token_expires_at END \
                                 WHERE id = $1 AND generation = $2 AND reused_at IS NULL";
pub(super) const REISSUE: &str = "UPDATE sessions SET \
                                  token_expires_at = CASE WHEN token_expires_at < $3 THEN $3 ELSE token_expires_at END \
                                  WHERE id = $1 AND generation = $2 AND reused_at IS NULL";
static END: LazyLock<ManyRows> =
    LazyLock::new(|| ManyRows::new("DELETE FROM sessions WHERE id IN (VALUES ", 1, ") RETURNING id, token_expires_at"));
/// The row stays, so that the user can be told.
pub(super) const END_REUSED: &str = "UPDATE sessions SET reused_at = $2 WHERE id = $1 AND reused_at IS NULL \
                                     RETURNING token_expires_at";
const FIND: &str = "SELECT id, user_id, started_at, expires_at, kind, device, address, additional_claims, \
                    generation, rotated_at, unseen_token, last_used_at, reused_at, methods FROM sessions WHERE id = $1";
const LIST: &str = "SELECT id, user_id, started_at, expires_at, kind, device, address, additional_claims, \
                    generation, rotated_at, unseen_token, last_used_at, reused_at, methods FROM sessions \
                    WHERE user_id = $1 AND reused_at IS NULL ORDER BY last_used_at DESC, started_at DESC, id";
const END_ALL: &str = "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 AND reused_at IS NULL \
                       RETURNING id, token_expires_at";
/// Removes sessions that ended because of a reused token, when their user is removed.
const FORGET_REUSED: &str = "DELETE FROM sessions WHERE user_id = $1";
const COUNT_LIVE: &str = "SELECT COUNT(*) FROM sessions WHERE reused_at IS NULL AND expires_at > $1 \
                          AND rotated_at > CASE kind WHEN 'kept' THEN $2 ELSE $3 END";
macro_rules! purge {
    ($lock:literal) => {
        concat!("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 LIMIT $2", $lock, ")")
    };
}
const PURGE: &str = purge!("");
/// Waits for no other transaction. What one has locked is removed the next time.
const PURGE_ON_POSTGRES: &str = purge!(" FOR UPDATE SKIP LOCKED");

/// A session from the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSession {
    pub session: Session,
    pub rotation: Rotation,
    /// Accurate to the lifetime of an access token.
    pub last_used_at: UnixTime,
    /// When an old refresh token was used again. The session ended then.
    pub reused_at: Option<UnixTime>,
}

/// The other change to a user whose sessions end, in the same transaction.
pub enum Along {
    Nothing,
    /// `from`: the hash that must still be stored; `None` for any.
    ChangePassword {
        from: Option<PasswordHash>,
        to: PasswordHash,
    },
    /// With a link from a mail, which must still work.
    ResetPassword {
        link: LinkHash,
        to: PasswordHash,
    },
    Disable(UnixTime),
    SetRoles(Roles),
    /// All second factors go.
    ResetFactors,
    Remove,
}

impl Along {
    /// Whether an administrator to whom it happens is none afterwards, or cannot sign in.
    fn costs_an_administrator(&self) -> bool {
        match self {
            Self::Nothing | Self::ChangePassword { .. } | Self::ResetPassword { .. } | Self::ResetFactors => false,
            Self::Disable(_) | Self::Remove => true,
            Self::SetRoles(roles) => !roles.is_admin(),
        }
    }
}

type Row =
    (String, String, i64, i64, String, String, String, String, i64, i64, Option<String>, i64, Option<i64>, String);

impl Pool {
    /// Returns the statement that starts a session.
    pub(super) const fn start(&self) -> &'static str {
        match self {
            Self::Postgres(_) => START_ON_POSTGRES,
            Self::Sqlite { .. } => START,
        }
    }
}

impl Store {
    /// Stores a new session with the id and the expiry of its first access token. `false` if the user was removed or
    /// disabled, or if password or roles have changed since the sign-in checked them: a sign-in just before a change
    /// starts no session just after it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn start_session(
        &self,
        session: &Session,
        token_id: TokenId,
        token_expires_at: UnixTime,
        (user, verified): (&User, &PasswordHash),
        event: NewEvent,
    ) -> Result<bool, StoreError> {
        let (session, verified, roles) = (session.clone(), verified.clone(), user.roles.clone());
        let start = Start { session, token_id, token_expires_at, verified, roles, event };
        Ok(self.write(Write::StartSession(Box::new(start))).await?.rows() == 1)
    }

    /// Returns the session with this id, also one that ended because of a reused token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_session(&self, id: SessionId) -> Result<Option<KeptSession>, StoreError> {
        let waiting = self.uses.of(|used| used == id);
        let row: Option<Row> =
            on_pool!(self, |pool| sqlx::query_as(FIND).bind(id.to_string()).fetch_optional(pool).await?);
        row.map(|row| kept(row, &waiting)).transpose()
    }

    /// Returns the sessions of a user that were not ended, last used first. Some may have expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_sessions(&self, user: UserId) -> Result<Vec<KeptSession>, StoreError> {
        let waiting = self.uses.of(|_| true);
        let rows: Vec<Row> = on_pool!(self, |pool| sqlx::query_as(LIST).bind(user.to_string()).fetch_all(pool).await?);
        rows.into_iter().map(|row| kept(row, &waiting)).collect()
    }

    /// Returns the number of sessions that have neither ended nor expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_live_sessions(&self, rules: &SessionRules, now: UnixTime) -> Result<u64, StoreError> {
        let idle_since = |lifetime: Lifetime| now.0.saturating_sub_unsigned(lifetime.idle.as_secs());
        let (kept, brief) = (idle_since(rules.kept), idle_since(rules.brief));
        let (count,): (i64,) = on_pool!(self, |pool| {
            sqlx::query_as(COUNT_LIVE).bind(now.0).bind(kept).bind(brief).fetch_one(pool).await?
        });
        Ok(count.unsigned_abs())
    }

    /// Moves a session to its next refresh token. `false` if another request was first, or if the session has ended.
    ///
    /// # Errors
    /// [`StoreError`]; the client can send the same token again in any case.
    pub async fn rotate(
        &self,
        id: SessionId,
        from: Generation,
        token_id: TokenId,
        token_expires_at: UnixTime,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let write = Write::Rotate { id, from, token_id, token_expires_at, now };
        Ok(self.write(write).await?.rows() == 1)
    }

    /// Records that the same refresh token got another access token. `false` if the refresh token has rotated since, or
    /// if the session has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reissue(
        &self,
        id: SessionId,
        generation: Generation,
        token_expires_at: UnixTime,
    ) -> Result<bool, StoreError> {
        Ok(self.write(Write::Reissue { id, generation, token_expires_at }).await?.rows() == 1)
    }

    /// Records the first use of an access token. Does not wait, and may be lost. Later calls of this store know it.
    pub fn note_use(&self, id: SessionId, token_id: TokenId, issued_at: UnixTime, at: UnixTime) {
        self.uses.add(Used { id, token_id, issued_at, at });
    }

    /// Ends one session: durable when this returns. Ending it twice is no error. `token_expires_at`: the expiry of the
    /// token that ends it, if there is one; the table knows newer tokens.
    ///
    /// # Errors
    /// [`StoreError`]; then the session may or may not have ended, and the caller must not report a success.
    pub async fn end_session(
        &self,
        id: SessionId,
        token_expires_at: UnixTime,
        leeway: Duration,
        event: NewEvent,
    ) -> Result<Entry, StoreError> {
        let end = End { id, reused_at: None, at_least_until: token_expires_at, leeway, event };
        Ok(entry_of(&self.write(Write::EndSession(Box::new(end))).await?, Blocked::Session(id)))
    }

    /// Ends a session whose old refresh token was used again. Its row stays until it expires.
    ///
    /// # Errors
    /// As [`Self::end_session`].
    pub async fn end_reused_session(
        &self,
        id: SessionId,
        now: UnixTime,
        leeway: Duration,
        event: NewEvent,
    ) -> Result<Entry, StoreError> {
        let end = End { id, reused_at: Some(now), at_least_until: now, leeway, event };
        Ok(entry_of(&self.write(Write::EndSession(Box::new(end))).await?, Blocked::Session(id)))
    }

    /// Ends the sessions of a user by their ids, all except `except`, and makes one other change, all or nothing.
    /// `leeway`: that of verification.
    ///
    /// # Errors
    /// [`StoreError`]: `Outdated` if the password has changed meanwhile, or the link was used; `LastAdministrator` if no
    /// administrator would be left.
    pub async fn end_sessions_of(
        &self,
        user: UserId,
        except: Option<SessionId>,
        leeway: Duration,
        along: &Along,
        event: &NewEvent,
    ) -> Result<Vec<Entry>, StoreError> {
        let except = except.map_or_else(String::new, |id| id.to_string());
        let entries = in_transaction!(self, |transaction| {
            if matches!(self.pool, Pool::Postgres(_)) {
                // From here on, no session of this user begins, and no other administrator is changed.
                lock_order::lock_users(user, along.costs_an_administrator()).execute(&mut *transaction).await?;
                lock_order::lock_sessions_of(user).execute(&mut *transaction).await?;
            }
            let sessions: Vec<(String, i64)> =
                sqlx::query_as(END_ALL).bind(user.to_string()).bind(&except).fetch_all(&mut *transaction).await?;
            if along.costs_an_administrator() {
                // Two such transactions at the same time have waited above, one for the other: the second is refused.
                let last = sqlx::query_as(IS_LAST_ADMINISTRATOR).bind(user.to_string());
                let (last,): (i64,) = last.fetch_one(&mut *transaction).await?;
                if last > 0 {
                    return Err(StoreError::LastAdministrator);
                }
            }
            // Before its user is removed.
            events::of_user(event, user).execute(&mut *transaction).await?;
            // The sign-in that waits for a second factor was begun with what changes now, or is unwanted as a session is.
            challenges::withdraw(user).execute(&mut *transaction).await?;
            match along {
                Along::Nothing => {}
                Along::ChangePassword { from, to } => {
                    let change = match from {
                        Some(from) => users::replace_password(user, from, to),
                        None => users::set_password(user, to),
                    };
                    if change.execute(&mut *transaction).await?.rows_affected() == 0 && from.is_some() {
                        return Err(StoreError::Outdated);
                    }
                    mail_links::withdraw(user).execute(&mut *transaction).await?;
                }
                Along::ResetPassword { link, to } => {
                    let spent = mail_links::use_link(link, Purpose::ResetPassword, event.at);
                    if spent.execute(&mut *transaction).await?.rows_affected() == 0 {
                        return Err(StoreError::Outdated);
                    }
                    users::set_password(user, to).execute(&mut *transaction).await?;
                    mail_links::withdraw(user).execute(&mut *transaction).await?;
                }
                Along::Disable(at) => {
                    mail_links::withdraw(user).execute(&mut *transaction).await?;
                    invitations::withdraw(user).execute(&mut *transaction).await?;
                    users::disable(user, *at).execute(&mut *transaction).await?;
                }
                Along::SetRoles(roles) => {
                    invitations::withdraw(user).execute(&mut *transaction).await?;
                    users::set_roles(user, roles).execute(&mut *transaction).await?;
                }
                Along::ResetFactors => {
                    for statement in factors::REMOVE_ALL {
                        sqlx::query(statement).bind(user.to_string()).execute(&mut *transaction).await?;
                    }
                }
                Along::Remove => {
                    invitations::withdraw(user).execute(&mut *transaction).await?;
                    sqlx::query(FORGET_REUSED).bind(user.to_string()).execute(&mut *transaction).await?;
                    users::delete(user).execute(&mut *transaction).await?;
                }
            }
            let mut entries = Vec::with_capacity(sessions.len());
            for (id, token_expires_at) in sessions {
                let id = SessionId::parse(&id).map_err(|_| StoreError::Damaged("sessions.id"))?;
                let keep_until = keep_until(UnixTime(token_expires_at), leeway);
                entries.push(Entry { blocked: Blocked::Session(id), keep_until, seq: 0 });
            }
            transaction.insert_numbered(&mut entries).await?;
            entries
        });
        Ok(entries)
    }

    /// Removes sessions that expired before `before`, at most `limit`. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_sessions(&self, before: UnixTime, limit: i64) -> Result<u64, StoreError> {
        let purge = match self.pool {
            Pool::Postgres(_) => PURGE_ON_POSTGRES,
            Pool::Sqlite { .. } => PURGE,
        };
        let purged = in_transaction!(self, |transaction| {
            sqlx::query(purge).bind(before.0).bind(limit).execute(&mut *transaction).await?.rows_affected()
        });
        Ok(purged)
    }
}

/// Ends sessions, one of the [`parts`]. Each row of the answer is a session that existed, and when its newest access token
/// expires.
pub(super) fn end<'q, D>(sessions: &[SessionId]) -> sqlx::query::QueryAs<'q, D, (String, i64), D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    (String, i64): for<'r> sqlx::FromRow<'r, D::Row>,
{
    let (end, rows) = END.of(sessions);
    rows.fold(sqlx::query_as(end), |end, session| end.bind(session.to_string()))
}

/// `uses`: those that are not in the row yet.
fn kept(mut row: Row, uses: &[Used]) -> Result<KeptSession, StoreError> {
    let id = SessionId::parse(&row.0).map_err(|_| StoreError::Damaged("sessions.id"))?;
    let (.., rotated_at, unseen_token, last_used_at, _, _) = &mut row;
    for used in uses.iter().filter(|used| used.id == id) {
        used.changes(last_used_at, unseen_token, *rotated_at);
    }
    let (_, user_id, started_at, expires_at, kind, device, address, additional, ..) = &row;
    let (.., generation, rotated_at, unseen_token, last_used_at, reused_at, methods) = &row;
    let session = Session {
        id,
        user_id: UserId::parse(user_id).map_err(|_| StoreError::Damaged("sessions.user_id"))?,
        started_at: UnixTime(*started_at),
        expires_at: UnixTime(*expires_at),
        kind: SessionKind::parse(kind).ok_or(StoreError::Damaged("sessions.kind"))?,
        origin: Origin { device: device.clone(), address: address.clone() },
        methods: Methods::parse(methods),
        additional: AdditionalClaims::parse(additional)
            .map_err(|_| StoreError::Damaged("sessions.additional_claims"))?,
    };
    let generation = u32::try_from(*generation).map_err(|_| StoreError::Damaged("sessions.generation"))?;
    Ok(KeptSession {
        session,
        rotation: Rotation {
            generation: Generation(generation),
            rotated_at: UnixTime(*rotated_at),
            unseen: unseen_token.is_some(),
        },
        last_used_at: UnixTime(*last_used_at),
        reused_at: reused_at.map(UnixTime),
    })
}
