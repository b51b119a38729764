//! Whether the standbys that the operator demands have a commit. The `Ok` of a commit does not say it: PostgreSQL answers `Ok`
//! with a warning when an operator cancels the wait for a standby.

use std::sync::LazyLock;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Error, Row as _};
use tokio::time::sleep;

use super::held::{Held, Rows};
use crate::server::domain::sync_standbys::demanded;

/// Commits, and asks in the same message how far the log is durable here, what standbys must have it, and how many have it. The
/// log up to there contains the commit. Normally they have it, because the commit has waited for them: then nothing more is asked.
///
/// The function is what the view `pg_stat_replication` is made of, without the names of users and clients.
pub(super) const COMMIT: &str = "COMMIT; SELECT lsn::text, wanted, CASE wanted WHEN '' THEN 0 ELSE \
     (SELECT COUNT(*) FROM pg_stat_get_wal_senders() WHERE sync_state IN ('sync', 'quorum') AND flush_lsn >= lsn) END \
     FROM (SELECT pg_current_wal_flush_lsn() AS lsn, CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') \
     THEN '' ELSE current_setting('synchronous_standby_names') END AS wanted OFFSET 0) AS now";
/// The same, in two transactions: the first commits and does not wait for the log, so it unlocks its rows at once. The second
/// writes a few bytes to the log, which mean nothing, and waits for them, so that all before them is durable too.
///
/// What the first has changed is seen before it is durable. If it is lost then, PostgreSQL has failed: nothing was acknowledged,
/// and a process that has seen a sign-out reads the blocklist again, because another server has the database.
pub(super) static COMMIT_UNLOCKING_EARLY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SET LOCAL synchronous_commit TO off; COMMIT; BEGIN; SELECT pg_logical_emit_message(true, 'handstamp', ''); {COMMIT}"
    )
});
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Waits until the standbys have what was committed; `committed`: the answer. Asks nothing more where none is demanded.
///
/// # Errors
/// At the time limit of the connection; and if the role may not see the standbys.
pub(super) async fn confirm(held: &mut Held, committed: &Rows) -> Result<(), Error> {
    let Some(row) = committed.iter().rev().find_map(|part| part.as_ref().right()) else { return Ok(()) };
    let (lsn, setting, have): (String, String, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let wanted = demanded(&setting);
    if have >= wanted {
        return Ok(());
    }
    let mut pause = Duration::from_millis(1);
    loop {
        let (have, hidden) = standbys_with(held, &lsn).await?;
        if have >= wanted {
            return Ok(());
        }
        if hidden > 0 {
            return Err(Error::Protocol(
                "the role may not see whether standbys have a commit; grant it pg_read_all_stats".into(),
            ));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The standbys that count and have the log up to here, and those about which nothing is shown.
async fn standbys_with(held: &mut Held, lsn: &str) -> Result<(i64, i64), Error> {
    let query = format!(
        "SELECT COUNT(*) FILTER (WHERE sync_state IN ('sync', 'quorum') AND flush_lsn >= '{lsn}'::pg_lsn), \
         COUNT(*) FILTER (WHERE state IS NULL) FROM pg_stat_get_wal_senders() WHERE pid IS NOT NULL"
    );
    let rows = held.run(sqlx::raw_sql(AssertSqlSafe(query))).await?;
    let row = rows.iter().find_map(|part| part.as_ref().right()).ok_or(Error::RowNotFound)?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}
