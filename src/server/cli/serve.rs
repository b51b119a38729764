//! `handstamp`: serves until SIGTERM or SIGINT.

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::logging::start_logging;
use super::shared::Failure;
use crate::server::config::Config;
use crate::server::doctor::examine_running;
use crate::server::domain::checkup::Verdict;
use crate::server::flows::{BlocklistFollower, FOLLOW_EVERY, PURGE_EVERY, follow_keys, purge_expired, tidy_keys};
use crate::server::http::{self, Limits};
use crate::server::machine;
use crate::server::site::Embedded;
use crate::server::startup;
use crate::server::state::AppState;
use crate::server::world::World;

/// "File size limit exceeded", as Linux numbers it on x86-64 and ARM.
const SIGXFSZ: i32 = 25;

pub async fn serve(config: Config, site: Embedded) -> Result<(), Failure> {
    machine::raise_open_files();
    let traces = start_logging(&config)?;
    let addr = config.site_addr;
    // First of all: a second server that somebody starts by mistake, with other settings, is to change nothing.
    let listener = TcpListener::bind(addr).await.map_err(|cause| {
        format!("LEPTOS_SITE_ADDR {addr} cannot be used: {cause}; stop what listens there, or choose another")
    })?;
    let addr = listener.local_addr()?;
    // The blocklist is in memory before the first connection is accepted.
    let (state, follower) = startup::start_with_site(config, World::system(), Some(site)).await?;
    // Listened to, it ends nobody: a write beyond `ulimit -f` fails like one on a full disk.
    let _beyond_limit = signal(SignalKind::from_raw(SIGXFSZ))?;
    // Before anybody is told that this process serves: until then a signal ends it on the spot.
    let signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    println!("Handstamp listens on http://{addr}");
    // To the console and not to the log: whoever reads it can make the administrator.
    if let Some(code) = &state.setup_code {
        let others = state.store.has_users().await?;
        let (when, what) =
            if others { ("There is no administrator", "one") } else { ("First run", "the first account") };
        println!("{when}: open {}/setup#{code} to make {what}; the link works once", state.config.public_url);
    }
    if state.site.lacks_the_program() {
        warn!("The pages are bare: this binary was built without their files; make build puts them in");
    }
    info!(%addr, "Listening");

    let chores = [tokio::spawn(follow(state.clone(), follower)), tokio::spawn(purge(state.clone()))];
    let checks = tokio::spawn(warn_of_what_is_not_well(state.clone()));
    let limits = Limits::default();
    let router = http::router(&state, limits);
    let stop = async {
        stop_signal(signals).await;
        state.stopping.send_replace(true);
    };
    http::serve(listener, router, limits, stop).await;
    for chore in chores {
        chore.abort();
    }
    checks.await?;
    state.store.close().await;
    state.presence.leave();
    info!("Stopped");
    traces.end();
    Ok(())
}

async fn follow(state: AppState, mut follower: BlocklistFollower) {
    let mut ticks = interval(FOLLOW_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = follower.catch_up(&state).await {
            warn!(%error, "The blocklist could not be read");
        }
        if let Err(error) = follow_keys(&state).await {
            warn!(%error, "The keys could not be read");
        }
        state.measures.tidy();
    }
}

/// What the doctor would say, where it is not "ok". Once and beside the first requests: a start does not wait for it.
async fn warn_of_what_is_not_well(state: AppState) {
    for finding in examine_running(&state.config, &state.store, &state.world).await {
        if finding.verdict > Verdict::Ok {
            warn!(check = finding.check, fix = finding.fix, "{}", finding.found);
        }
    }
}

async fn purge(state: AppState) {
    let mut ticks = interval(PURGE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = purge_expired(&state).await {
            warn!(%error, "Expired rows could not be purged");
        }
        if let Err(error) = tidy_keys(&state).await {
            warn!(%error, "The keys could not be tidied");
        }
    }
}

/// Resolves at the first SIGTERM or SIGINT. A second one ends the process on the spot.
async fn stop_signal((mut terminate, mut interrupt): (Signal, Signal)) {
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    info!("Stopping: finishing what is under way");
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        std::process::exit(130);
    });
}
