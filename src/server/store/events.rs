//! The table `security_events`. Rows are written in the same transaction as the change that they record, if it has one.
//!
//! Such a row is also the order for a mail, if the user is told of such events and has an address: `notices.rs` reads it.

use std::sync::LazyLock;

use super::error::StoreError;
use super::many_rows::ManyRows;
use super::pool::{Store, in_transaction, on_pool};
use crate::server::domain::ids::{EventId, SessionId, UserId};
use crate::server::domain::security_event::{EventKind, NewEvent, SecurityEvent};
use crate::server::domain::session::Origin;
use crate::server::domain::unix_time::UnixTime;

const OF_USER: &str = "INSERT INTO security_events (id, seq, at, kind, user_id, username, by_whom, device, address, notice) \
                       SELECT $1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM security_events), \
                       $2, $3, users.id, username, $4, $6, $7, \
                       CASE WHEN $5 = 1 AND EXISTS (SELECT 1 FROM email_addresses WHERE user_id = users.id) THEN 1 END \
                       FROM users WHERE users.id = $8";
static OF_SESSIONS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "WITH news (id, at, kind, by_whom, told, session_id) AS (VALUES ",
        6,
        ") INSERT INTO security_events (id, seq, at, kind, user_id, username, by_whom, device, address, notice) \
         SELECT news.id, (SELECT COALESCE(MAX(seq), 0) + 1 FROM security_events), \
         at, news.kind, users.id, username, by_whom, device, sessions.address, \
         CASE WHEN told = 1 AND EXISTS (SELECT 1 FROM email_addresses WHERE user_id = users.id) THEN 1 END FROM news \
         JOIN sessions ON sessions.id = session_id JOIN users ON users.id = sessions.user_id \
         WHERE true ON CONFLICT (id) DO NOTHING",
    )
});
const LIST: &str = "SELECT id, seq, at, kind, user_id, username, by_whom, device, address FROM security_events \
                    WHERE seq < $1 OR (seq = $1 AND id < $2) ORDER BY seq DESC, id DESC LIMIT $3";
const LIST_OF: &str = "SELECT id, seq, at, kind, user_id, username, by_whom, device, address FROM security_events \
                       WHERE user_id = $4 AND (seq < $1 OR (seq = $1 AND id < $2)) \
                       ORDER BY seq DESC, id DESC LIMIT $3";
const PURGE: &str = "DELETE FROM security_events WHERE id IN \
                     (SELECT id FROM security_events WHERE at < $1 ORDER BY at LIMIT $2)";

/// The position at which a list of events continues: before this event. Its text is `<seq>.<id>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    pub seq: i64,
    pub id: String,
}

impl Before {
    /// The start of the list: the newest first.
    pub const NEWEST: Self = Self { seq: i64::MAX, id: String::new() };
}

pub(super) type Row = (String, i64, i64, String, String, String, Option<String>, String, String);

impl Store {
    /// Returns events before `before`, newest first, at most `limit`; of one user, or of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_events(
        &self,
        of: Option<UserId>,
        before: &Before,
        limit: i64,
    ) -> Result<Vec<SecurityEvent>, StoreError> {
        let rows: Vec<Row> = match of {
            None => on_pool!(self, |pool| {
                sqlx::query_as(LIST).bind(before.seq).bind(&before.id).bind(limit).fetch_all(pool).await?
            }),
            Some(user) => on_pool!(self, |pool| {
                let list = sqlx::query_as(LIST_OF).bind(before.seq).bind(&before.id).bind(limit);
                list.bind(user.to_string()).fetch_all(pool).await?
            }),
        };
        rows.into_iter().map(event).collect()
    }

    /// Removes events older than `before`, at most `limit`. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_events(&self, before: UnixTime, limit: i64) -> Result<u64, StoreError> {
        let purged = in_transaction!(self, |transaction| {
            sqlx::query(PURGE).bind(before.0).bind(limit).execute(&mut *transaction).await?.rows_affected()
        });
        Ok(purged)
    }
}

/// Inserts an event of this user, if the user still exists.
pub(super) fn of_user<'q, D>(event: &NewEvent, user: UserId) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    Option<String>: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    let Origin { device, address } = event.origin.clone();
    bind(sqlx::query(OF_USER), event).bind(device).bind(address).bind(user.to_string())
}

/// Inserts events of the users of these sessions, one of the [`parts`](super::many_rows::parts): of the sessions that
/// still exist.
pub(super) fn of_sessions<'q, D>(events: &[(SessionId, &NewEvent)]) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    Option<String>: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    let (insert, rows) = OF_SESSIONS.of(events);
    rows.fold(sqlx::query(insert), |insert, (session, event)| bind(insert, event).bind(session.to_string()))
}

fn bind<'q, D>(
    insert: sqlx::query::Query<'q, D, D::Arguments>,
    event: &NewEvent,
) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    Option<String>: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    let kind = event.kind.code().to_owned();
    insert.bind(event.id.to_string()).bind(event.at.0).bind(kind).bind(event.by.clone()).bind(i64::from(event.told))
}

pub(super) fn event(
    (id, seq, at, kind, user_id, username, by, device, address): Row,
) -> Result<SecurityEvent, StoreError> {
    Ok(SecurityEvent {
        id: EventId::parse(&id).map_err(|_| StoreError::Damaged("security_events.id"))?,
        seq,
        at: UnixTime(at),
        kind: EventKind::parse(&kind).ok_or(StoreError::Damaged("security_events.kind"))?,
        by,
        user_id: UserId::parse(&user_id).map_err(|_| StoreError::Damaged("security_events.user_id"))?,
        username,
        origin: Origin { device, address },
    })
}
