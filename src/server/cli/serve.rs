//! `handstamp`: serves until SIGTERM or SIGINT.

use std::io::IsTerminal as _;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::server::config::Config;
use crate::server::flows::{BlocklistFollower, FOLLOW_EVERY, PURGE_EVERY, purge_expired};
use crate::server::http::{self, Limits};
use crate::server::startup;
use crate::server::state::AppState;
use crate::server::world::World;

pub async fn serve(config: Config) -> Result<(), Failure> {
    start_logging(&config)?;
    let addr = config.site_addr;
    // The blocklist is in memory before the first connection is accepted.
    let (state, follower) = startup::start(config, World::system()).await?;
    let listener = TcpListener::bind(addr).await.map_err(|cause| {
        format!("LEPTOS_SITE_ADDR {addr} cannot be used: {cause}; stop what listens there, or choose another")
    })?;
    let addr = listener.local_addr()?;
    println!("Handstamp listens on http://{addr}");
    // To the console and not to the log: whoever reads it can make the administrator.
    if let Some(code) = &state.setup_code {
        println!(
            "First run: open {}/setup#{code} to make the first account; the link works once",
            state.config.public_url
        );
    }
    info!(%addr, "Listening");

    let chores = [tokio::spawn(follow(state.clone(), follower)), tokio::spawn(purge(state.clone()))];
    let limits = Limits::default();
    let router = http::router(&state, limits);
    http::serve(listener, router, limits, stop_signal()).await;
    for chore in chores {
        chore.abort();
    }
    state.store.close().await;
    info!("Stopped");
    Ok(())
}

fn start_logging(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log_filter)
        .map_err(|_| "RUST_LOG is not a filter; use a level (info) or targets with levels (info,hyper=warn)")?;
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    if config.log_json {
        log.json().init();
    } else {
        log.init();
    }
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
    }
}

/// Resolves at the first SIGTERM or SIGINT. A second one ends the process on the spot.
async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        warn!("Signals cannot be listened to; stop with SIGKILL");
        return std::future::pending().await;
    };
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    info!("Stopping: finishing what is under way");
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        std::process::exit(130);
    });
}
