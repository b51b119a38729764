//! What is measured, for whoever watches over this process.

use tracing::warn;

use crate::server::measure::Reading;
use crate::server::state::AppState;

/// All metrics as Prometheus text. Answers also when the store does not.
pub async fn report_metrics(state: &AppState) -> String {
    let sessions = state.store.count_live_sessions(&state.session_rules, state.world.now()).await;
    let sessions = sessions.inspect_err(|error| warn!(%error, "The sessions could not be counted")).ok();
    state.measures.text(&Reading {
        hashing: state.hash_pool.load(),
        sessions,
        blocklist: state.blocklist.len(),
        uptime: state.world.uptime(),
    })
}
