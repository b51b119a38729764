//! The first uses of tokens: they wait for each other in memory, so that few statements and transactions write them all.
//!
//! No request waits for them. A crash loses those of the last moment: then a session looks unused a little longer, and a
//! refresh token whose successor was used can be sent once more.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::many_rows::ManyRows;
use crate::server::domain::ids::{SessionId, TokenId};
use crate::server::domain::unix_time::UnixTime;

/// How long uses wait for others, if nothing else is written meanwhile.
const PAUSE: Duration = Duration::from_millis(50);
/// The most that wait. If still more come, they are lost.
const MOST: usize = 8192;
/// The most in one transaction: no sign-out waits for more.
const AT_ONCE: usize = 1024;

/// An access token is used for the first time.
#[derive(Clone, Copy)]
pub(super) struct Used {
    pub id: SessionId,
    pub token_id: TokenId,
    pub issued_at: UnixTime,
    pub at: UnixTime,
}

/// The uses that are not written yet, in order.
#[derive(Default)]
pub(super) struct Uses {
    waiting: Mutex<Vec<Used>>,
    some: Notify,
}

impl Uses {
    pub(super) fn add(&self, used: Used) {
        let mut waiting = self.waiting();
        if waiting.len() < MOST {
            waiting.push(used);
            if waiting.len() == 1 {
                self.some.notify_one();
            }
        }
    }

    /// Waits until there are some that have waited for others.
    pub(super) async fn due(&self) {
        self.some.notified().await;
        sleep(PAUSE).await;
    }

    /// Returns those that come first. They stay until they are forgotten.
    pub(super) fn first(&self) -> Vec<Used> {
        let waiting = self.waiting();
        waiting[..waiting.len().min(AT_ONCE)].to_vec()
    }

    /// Returns those of some sessions. Ask before you read the sessions: what is written meanwhile is in the one or the other.
    pub(super) fn of(&self, is_one: impl Fn(SessionId) -> bool) -> Vec<Used> {
        self.waiting().iter().filter(|used| is_one(used.id)).copied().collect()
    }

    /// Forgets the first ones, which were written.
    pub(super) fn forget(&self, number: usize) {
        let mut waiting = self.waiting();
        waiting.drain(..number);
        if !waiting.is_empty() {
            self.some.notify_one();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Used>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The newest refresh token counts as received if its access token was used. If the same refresh token got several, one
/// that was issued in a later second than the rotation shows it too. [`Used::changes`] says the same.
static USED: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "WITH used (id, token_id, at, issued_at) AS (VALUES ",
        4,
        ") UPDATE sessions SET last_used_at = used.at, unseen_token = \
         CASE WHEN unseen_token = used.token_id OR rotated_at < used.issued_at THEN NULL ELSE unseen_token END \
         FROM used WHERE sessions.id = used.id",
    )
});

impl Used {
    /// Changes the columns of its session that [`USED`] will change.
    pub(super) fn changes(&self, last_used_at: &mut i64, unseen_token: &mut Option<String>, rotated_at: i64) {
        *last_used_at = self.at.0;
        if rotated_at < self.issued_at.0 || unseen_token.as_deref() == Some(&self.token_id.to_string()) {
            *unseen_token = None;
        }
    }
}

/// Returns uses in rounds, in order. A round has each session once, as a statement changes a row only once.
pub(super) fn rounds(uses: &[Used]) -> Vec<Vec<Used>> {
    let mut rounds = Vec::new();
    let mut left = uses.to_vec();
    while !left.is_empty() {
        let mut seen = HashSet::new();
        let (round, rest) = left.into_iter().partition(|used| seen.insert(used.id));
        rounds.push(round);
        left = rest;
    }
    rounds
}

/// Returns the statement that writes a part of a round.
pub(super) fn note<'q, D>(part: &[Used]) -> sqlx::query::Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    String: sqlx::Encode<'q, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    let (note, rows) = USED.of(part);
    rows.fold(sqlx::query(note), |note, used| {
        note.bind(used.id.to_string()).bind(used.token_id.to_string()).bind(used.at.0).bind(used.issued_at.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(session: u8, at: i64) -> Used {
        let (id, token_id) = (SessionId::from_random([session; 16]), TokenId::from_random([9; 16]));
        Used { id, token_id, issued_at: UnixTime(0), at: UnixTime(at) }
    }

    fn times(uses: &[Used]) -> Vec<i64> {
        uses.iter().map(|used| used.at.0).collect()
    }

    #[test]
    fn each_round_has_a_session_once_and_all_rounds_are_in_order() {
        let uses = [(1, 1), (2, 2), (1, 3), (1, 4), (3, 5)].map(|(session, at)| used(session, at));
        let rounds: Vec<_> = rounds(&uses).iter().map(|round| times(round)).collect();
        assert_eq!(rounds, [vec![1, 2, 5], vec![3], vec![4]]);
    }

    #[tokio::test]
    async fn uses_wait_until_they_are_written_and_only_so_many() {
        let uses = Uses::default();
        for at in 0..=i64::try_from(MOST).unwrap() {
            uses.add(used(u8::try_from(at % 200).unwrap(), at));
        }
        uses.due().await;
        assert_eq!(times(&uses.first()), (0..1024).collect::<Vec<_>>());
        assert_eq!(times(&uses.of(|id| id == used(7, 0).id))[..3], [7, 207, 407]);
        uses.forget(1024);
        // The rest is due too.
        uses.due().await;
        assert_eq!(times(&uses.first())[..2], [1024, 1025]);
        uses.forget(1024);
        uses.forget(MOST - 2048);
        assert!(uses.first().is_empty());
        uses.add(used(1, 5));
        uses.due().await;
        assert_eq!(times(&uses.first()), [5]);
    }
}
