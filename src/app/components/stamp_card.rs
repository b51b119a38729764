//! "Your stamp": how long it is still valid, and the imprint.
//!
//! Counts down from the seconds the server named, by a clock that nobody can set; the browser's own may be wrong.

use std::cell::Cell;
use std::time::Duration;

use leptos::prelude::*;

use crate::api_types::GreetingAnswer;
use crate::app::components::Imprint;
use crate::app::components::greeted::valid_until;
use crate::app::components::local_time::{LocalTime, two_digits};

#[component]
pub fn StampCard(
    answer: GreetingAnswer,
    /// Called when the time is up.
    expired: fn(),
) -> impl IntoView {
    let until = LocalTime::of(valid_until(&answer)).clock();
    let GreetingAnswer { username, issued_at, lifetime, expires_in, .. } = answer;
    let (left, bar) = count_down(expires_in, expired);
    let since = LocalTime::of(issued_at);
    let words = [&short(&username), "Signed in", &since.short_date(), &since.clock()].join(" · ");
    let label = ["Stamp: ", &username, ", ", &since.date_and_clock()].concat();
    view! {
        <section class="card stamp">
            <div class="stamp__words">
                <h2>"Your stamp"</h2>
                <p class="stamp__left" role="timer">{left}</p>
                <p class="stamp__then">"left; then you sign in again"</p>
            </div>
            <div class="stamp__imprint"><Imprint words label/></div>
            <progress class="stamp__bar" aria-label="Time left" max=lifetime.to_string() value=bar></progress>
            <p class="stamp__until">"Valid until " {until}</p>
        </section>
    }
}

/// The time left in words and in seconds, now and from now on; calls `expired` when there is none.
fn count_down(seconds: u64, expired: fn()) -> (RwSignal<String>, RwSignal<String>) {
    /// More often than a second passes, so that none is left out.
    const LOOK_EVERY: Duration = Duration::from_millis(250);

    let (words, bar) = (RwSignal::new(time_left(seconds)), RwSignal::new(seconds.to_string()));
    let start = now();
    let shown = Cell::new(seconds);
    let look = move || {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of one page's life")]
        let passed = ((now() - start) / 1000.0) as u64;
        let left = seconds.saturating_sub(passed);
        if shown.replace(left) != left {
            words.try_set(time_left(left));
            bar.try_set(left.to_string());
            if left == 0 {
                expired();
            }
        }
    };
    // Fails only where there is no window.
    if let Ok(interval) = set_interval_with_handle(look, LOOK_EVERY) {
        on_cleanup(move || interval.clear());
    }
    (words, bar)
}

/// Milliseconds since the page was opened.
fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// "59:58"; from an hour and a half on with hours, "1:30:00".
fn time_left(seconds: u64) -> String {
    const WITH_HOURS: u32 = 90 * 60;
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    let (minutes, rest) = (seconds / 60, two_digits(seconds % 60));
    if seconds < WITH_HOURS {
        return [minutes.to_string(), rest].join(":");
    }
    [(minutes / 60).to_string(), two_digits(minutes % 60), rest].join(":")
}

/// A name that fits on the ring.
fn short(username: &str) -> String {
    const LONGEST: usize = 16;
    if username.chars().count() <= LONGEST {
        return username.to_owned();
    }
    username.chars().take(LONGEST - 1).chain(['…']).collect()
}
