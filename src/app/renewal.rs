//! Quiet renewal: how long the access token still lives, and how to get the next one with the cookie.
//!
//! Counts from the seconds that the server names, by a clock that nobody can set: the browser's own may be wrong. Nothing is
//! agreed on between tabs; two that renew at once get the same successor. What to do when there is no next token is said
//! in `session.rs`.

use std::cell::{Cell, RefCell};
use std::sync::LazyLock;
use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::{ApiError, GreetingAnswer};
use crate::app::joint::{Joint, Outcome};
use crate::app::signed_in::{Why, sign_out, this_session};
use crate::app::{server_fns, session, token_storage};

/// Renews this long before the end, or after four fifths of the time where that is sooner.
const MARGIN_SECONDS: u64 = 60;

/// Renews by itself at most this often: in the last second of a session every token ends with it, however many are asked for.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Tries again after the server did not answer, or while nobody looks.
const AGAIN: Duration = Duration::from_secs(10);

/// When the token ends, in milliseconds since the page was opened; nothing while that is not known.
static ENDS: LazyLock<ArcRwSignal<Option<f64>>> = LazyLock::new(|| ArcRwSignal::new(None));

thread_local! {
    static RENEWAL: Joint = const { Joint::new() };
    static TIMER: RefCell<Option<TimeoutHandle>> = const { RefCell::new(None) };
    /// From issue to expiry, in seconds, as the last token had it.
    static LIFETIME: Cell<u64> = const { Cell::new(0) };
    /// Milliseconds from 1970 by the server's clock until the page was opened.
    static SERVER_CLOCK: Cell<f64> = const { Cell::new(0.0) };
}

/// Milliseconds since the page was opened.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Seconds that the token still lives, rounded up; reading it inside an effect follows renewals.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of one page's life")]
pub fn seconds_left() -> u64 {
    ENDS.get().map_or(0, |ends| ((ends - now()) / 1000.0).ceil() as u64)
}

/// When the token ends, in Unix seconds of the server.
#[expect(clippy::cast_possible_truncation, reason = "a time of this century")]
pub fn valid_until() -> Option<i64> {
    ENDS.get_untracked().map(|ends| ((SERVER_CLOCK.get() + ends) / 1000.0).round() as i64)
}

/// Whether the token has certainly ended.
pub fn is_over() -> bool {
    ENDS.get_untracked().is_some_and(|ends| ends <= now())
}

/// The token that this browser keeps now lives for so many seconds.
pub fn lives(seconds: u64) {
    LIFETIME.set(LIFETIME.get().max(seconds));
    #[expect(clippy::cast_precision_loss, reason = "an hour at most")]
    ENDS.set(Some(now() + seconds as f64 * 1000.0));
    arm_ahead(seconds);
}

/// The server has told how long the token lives, and what time it is.
#[expect(clippy::cast_precision_loss, reason = "a time of this century")]
pub fn learn(answer: &GreetingAnswer) {
    SERVER_CLOCK.set(server_now(answer) as f64 * 1000.0 - now());
    LIFETIME.set(answer.lifetime);
    lives(answer.expires_in);
}

/// What time it was at the server when it answered, in Unix seconds: the browser's own clock may be wrong.
pub fn server_now(answer: &GreetingAnswer) -> i64 {
    answer.issued_at.saturating_add_unsigned(answer.lifetime.saturating_sub(answer.expires_in))
}

/// Another tab has put the next token where this one reads it.
pub fn was_done_elsewhere() {
    if LIFETIME.get() > 0 {
        lives(LIFETIME.get());
    }
}

/// Renews once, however many ask.
///
/// # Errors
/// Those of [`server_fns::refresh`].
pub async fn renew() -> Outcome {
    let run = RENEWAL.with(|renewal| renewal.ask(Box::pin(renew_once())));
    run.outcome().await
}

/// Waits for what is under way, and starts nothing more by itself: whoever signs in changes the cookie too. Who does not get
/// in calls [`resume`].
pub async fn pause() {
    TIMER.take().inspect(TimeoutHandle::clear);
    if let Some(run) = RENEWAL.with(Joint::under_way) {
        // Whatever came of it.
        let _ = run.outcome().await;
    }
}

/// Nobody has signed in: goes on with the token that there was.
pub fn resume() {
    if ENDS.get_untracked().is_some() {
        arm_ahead(untrack(seconds_left));
    }
}

/// Tries again in a while.
pub fn postpone() {
    arm(AGAIN);
}

async fn renew_once() -> Outcome {
    let before = this_session();
    let answer = server_fns::refresh().await?;
    let now = this_session();
    if now != before {
        // Signed out, or signed in anew, while the answer was on its way: not to be undone. Where the same somebody did, the
        // other tab has seen to the token.
        return if now.0 == before.0 { Ok(()) } else { Err(ApiError::MissingToken) };
    }
    if token_storage::renew(&answer.access_token).is_err() {
        sign_out(Why::StorageRefused);
        return Err(ApiError::MissingToken);
    }
    lives(answer.expires_in);
    Ok(())
}

/// The token lives for so many seconds more.
fn arm_ahead(seconds: u64) {
    let wait = Duration::from_secs(seconds.saturating_sub(MARGIN_SECONDS).max(seconds * 4 / 5));
    arm(wait.max(SHORTEST_WAIT));
}

fn arm(wait: Duration) {
    let timer = set_timeout_with_handle(|| spawn_local(session::keep_alive()), wait);
    // Fails only where there is no window.
    if let Some(last) = TIMER.replace(timer.ok()) {
        last.clear();
    }
}
