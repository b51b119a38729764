//! The first uses of tokens among the writes of one transaction, arranged so that few statements write them all.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::many_rows::ManyRows;
use super::queue::{Used, Write};

/// The newest refresh token counts as received if its access token was used. If the same refresh token got several, one
/// that was issued in a later second than the rotation shows it too.
static USED: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "WITH used (id, token_id, at, issued_at) AS (VALUES ",
        4,
        ") UPDATE sessions SET last_used_at = used.at, unseen_token = \
         CASE WHEN unseen_token = used.token_id OR rotated_at < used.issued_at THEN NULL ELSE unseen_token END \
         FROM used WHERE sessions.id = used.id",
    )
});

/// Returns the uses in rounds, in order. A round has each session once, as a statement changes a row only once.
pub(super) fn rounds(writes: &[Write]) -> Vec<Vec<Used>> {
    let mut rounds = Vec::new();
    let mut left: Vec<_> =
        writes.iter().filter_map(|write| if let Write::Used(used) = write { Some(*used) } else { None }).collect();
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
    use crate::server::domain::ids::{SessionId, TokenId};
    use crate::server::domain::unix_time::UnixTime;

    #[test]
    fn each_round_has_a_session_once_and_all_rounds_are_in_order() {
        let used = |session: u8, at: i64| Used {
            id: SessionId::from_random([session; 16]),
            token_id: TokenId::from_random([9; 16]),
            issued_at: UnixTime(0),
            at: UnixTime(at),
        };
        let writes = [(1, 1), (2, 2), (1, 3), (1, 4), (3, 5)].map(|(session, at)| Write::Used(used(session, at)));
        let rounds: Vec<Vec<_>> =
            rounds(&writes).into_iter().map(|round| round.into_iter().map(|used| used.at.0).collect()).collect();
        assert_eq!(rounds, [vec![1, 2, 5], vec![3], vec![4]]);
    }
}
