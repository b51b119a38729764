//! `handstamp`: serves until SIGTERM or SIGINT.

use std::fmt::Display;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::{info, warn};

use super::logging::start_logging;
use super::output::print_line;
use super::shared::Failure;
use crate::server::config::Config;
use crate::server::doctor::examine_running;
use crate::server::domain::checkup::Verdict;
use crate::server::domain::hash_memory;
use crate::server::flows::{
    BlocklistFollower, LOOK_FOR_MAIL_EVERY, PURGE_EVERY, follow_file, follow_keys, look_every, purge_expired,
    rest_after_look, send_due_mails, tell_events, tidy_keys,
};
use crate::server::http::{self, Limits};
use crate::server::log_queue::LogQueue;
use crate::server::machine;
use crate::server::site::Embedded;
use crate::server::startup;
use crate::server::state::AppState;
use crate::server::store::file_news::FileNews;
use crate::server::world::World;

/// How often to look at the keys of other processes, and at what can be given back.
const TIDY_EVERY: Duration = Duration::from_millis(500);
/// How long a stop waits for the mail server.
const FOR_THE_LAST_MAIL: Duration = Duration::from_secs(5);
/// "File size limit exceeded", as Linux numbers it on x86-64 and ARM.
const SIGXFSZ: i32 = 25;

pub async fn serve(config: Config, site: Embedded) -> Result<(), Failure> {
    machine::raise_open_files();
    let log = start_logging(&config)?;
    let addr = config.site_addr;
    // First of all: a second server, started by mistake with other settings, must change nothing.
    let listener = TcpListener::bind(addr).await.map_err(|cause| {
        format!("LEPTOS_SITE_ADDR {addr} cannot be used: {cause}; stop the program that listens there, or choose another address")
    })?;
    let addr = listener.local_addr()?;
    // The blocklist is in memory before the first connection is accepted.
    let (state, follower) = startup::start_with_site(config, World::system(), Some(site)).await?;
    // With a handler, this signal does not end the process: a write beyond `ulimit -f` fails as on a full disk.
    let _beyond_limit = signal(SignalKind::from_raw(SIGXFSZ))?;
    // Before the process prints that it serves: until then, a signal ends it at once.
    let signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    state.measures.count_dropped_lines_of(log.queue.clone());
    announce(format_args!("Handstamp listens on http://{addr}"));
    // To the console and not to the log: anyone who reads this link can create the administrator.
    if let Some(code) = &state.setup_code {
        let others = state.store.has_users().await?;
        let (when, what) = if others {
            ("There is no administrator", "one")
        } else {
            ("First run", "the first account, an administrator")
        };
        let url = &state.config.public_url;
        announce(format_args!("{when}: open {url}/setup#{code} to create {what}. The link works once"));
    } else {
        announce(format_args!("Open {}", state.config.public_url));
    }
    if state.site.lacks_the_program() {
        warn!(
            "The pages have no styles and no scripts: this binary was built without their files. Build it with: make build"
        );
    }
    info!(%addr, "Listening");

    let file_news = state.config.sqlite_file().and_then(|file| FileNews::of(&file));
    let told = file_news.is_some() || state.config.database.is_postgres();
    let mut chores = vec![
        tokio::spawn(follow(state.clone(), follower, told)),
        tokio::spawn(tidy(state.clone())),
        tokio::spawn(purge(state.clone())),
    ];
    if let Some(file_news) = file_news {
        chores.push(tokio::spawn(follow_file(state.clone(), file_news)));
    }
    let mail = tokio::spawn(send_mail(state.clone()));
    // Ends when it is dropped.
    let listening = state.store.listen(
        &state.config.database,
        &format!("{:x}", u128::from_be_bytes(state.world.random_bytes())),
        &state.follow_now,
    )?;
    let checks = tokio::spawn(warn_of_what_is_not_well(state.clone()));
    let limits = Limits::default();
    let router = http::router(&state, limits);
    let stop = async {
        stop_signal(signals, log.queue.clone()).await;
        state.stopping.send_replace(true);
    };
    http::serve(listener, router, limits, stop).await;
    for chore in chores {
        chore.abort();
    }
    // A mail that is just being sent should be noted as sent. A longer wait would only delay the stop.
    let sender = mail.abort_handle();
    if timeout(FOR_THE_LAST_MAIL, mail).await.is_err() {
        sender.abort();
    }
    drop(listening);
    checks.await?;
    state.store.close().await;
    state.presence.leave().await;
    info!("Stopped");
    Ok(())
}

/// Prints a line. If the reader has gone, the server serves nevertheless.
fn announce(line: impl Display) {
    if let Err(error) = print_line(line) {
        warn!(%error, "A line for the console could not be printed: if it had the setup link, restart to get another");
    }
}

/// `told`: something wakes the follower when there is news.
async fn follow(state: AppState, mut follower: BlocklistFollower, told: bool) {
    let mut ticks = interval(look_every(told, state.config.revocation_bound));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut fails = false;
    loop {
        tokio::select! { _ = ticks.tick() => {}, () = state.follow_now.notified() => {} }
        let began = Instant::now();
        let read = follower.catch_up(&state).await;
        match &read {
            Err(error) if !fails => {
                warn!(%error, "The blocklist cannot be read; after REVOCATION_BOUND, protected doors answer 503");
            }
            Ok(()) if fails => info!("The blocklist can be read again"),
            Ok(()) | Err(_) => {}
        }
        fails = read.is_err();
        sleep(rest_after_look(began.elapsed(), state.config.revocation_bound)).await;
    }
}

/// Sends mail until the process stops.
async fn send_mail(state: AppState) {
    let mut stopping = state.stopping.subscribe();
    let mut ticks = interval(LOOK_FOR_MAIL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while state.mailer.is_on() && !*stopping.borrow_and_update() {
        if let Err(error) = tell_events(&state).await {
            warn!(%error, "Users could not be told of events");
        }
        if let Err(error) = send_due_mails(&state).await {
            warn!(%error, "The queue of mails cannot be read");
        }
        tokio::select! { _ = ticks.tick() => {}, () = state.mailer.some.notified() => {}, _ = stopping.changed() => {} }
    }
}

async fn tidy(state: AppState) {
    let mut ticks = interval(TIDY_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = follow_keys(&state).await {
            warn!(%error, "The keys could not be read");
        }
        state.measures.tidy();
        hash_memory::tidy();
    }
}

/// Logs what the doctor finds, except "ok". Runs once, beside the first requests: the start does not wait for it.
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
            warn!(%error, "Expired keys could not be removed");
        }
    }
}

/// Resolves at the first SIGTERM or SIGINT. A second one ends the process at once.
async fn stop_signal((mut terminate, mut interrupt): (Signal, Signal), log: LogQueue) {
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    info!("Stopping: finishing the requests that have begun");
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        log.flush();
        std::process::exit(130);
    });
}
