//! The metrics, for the monitoring of this process.

use tracing::warn;

use crate::server::measure::Reading;
use crate::server::state::AppState;

/// Returns all metrics as Prometheus text, even if the store does not answer.
pub async fn report_metrics(state: &AppState) -> String {
    let sessions = state.store.count_live_sessions(&state.session_rules, state.world.now()).await;
    let sessions = sessions.inspect_err(|error| warn!(%error, "The sessions could not be counted")).ok();
    state.measures.text(&Reading {
        hashing: state.hash_pool.load(),
        sessions,
        blocklist: state.blocklist.len(),
        sync_age: state.freshness.age(state.world.uptime()),
    })
}
