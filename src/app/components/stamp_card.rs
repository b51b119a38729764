//! "Your stamp": how long it is valid, and the imprint.
//!
//! A renewal resets the time, and changes nothing else.

use std::cell::Cell;
use std::time::Duration;

use leptos::prelude::*;

use crate::api_types::GreetingAnswer;
use crate::app::components::dom::Words;
use crate::app::components::imprint::Imprint;
use crate::app::components::local_time::{LocalTime, two_digits};

/// When the stamp ends, as the page knows it.
#[derive(Clone, Copy)]
pub struct StampEnd {
    /// Seconds from now.
    pub seconds_left: fn() -> u64,
    /// In Unix seconds of the server.
    pub valid_until: fn() -> Option<i64>,
}

#[component]
pub fn StampCard(answer: GreetingAnswer, end: StampEnd) -> impl IntoView {
    let GreetingAnswer { username, issued_at, lifetime, .. } = answer;
    let TimeLeft { words: left, bar, then, until } = TimeLeft::count_down(end);
    let since = LocalTime::of(issued_at);
    let words = [&short(&username), "Stamped", &since.short_date(), &since.clock()].join(" · ");
    let label = ["Stamp: ", &username, ", ", &since.date_and_clock()].concat();
    view! {
        <section class="card stamp">
            <div class="stamp__words">
                <h2>"Your stamp"</h2>
                <p class="stamp__left" role="timer">{left}</p>
                <p class="stamp__then">{then}</p>
            </div>
            <div class="stamp__imprint"><Imprint words label/></div>
            <progress class="stamp__bar" aria-label="Time left" max=lifetime.to_string() value=bar></progress>
            <p class="stamp__until">"Valid until " {until}</p>
        </section>
    }
}

/// The time left, in words and in seconds, now and at each tick.
struct TimeLeft {
    words: RwSignal<String>,
    bar: RwSignal<String>,
    then: Words,
    until: RwSignal<String>,
}

impl TimeLeft {
    fn count_down(end: StampEnd) -> Self {
        /// More often than once a second, so that no second is skipped.
        const LOOK_EVERY: Duration = Duration::from_millis(250);

        let text = || RwSignal::new(String::new());
        let shown = Self { words: text(), bar: text(), then: RwSignal::new(""), until: text() };
        let Self { words, bar, then, until } = shown;
        let (last, last_until) = (Cell::new(None), Cell::new(None));
        let look = move || {
            let (left, ends) = ((end.seconds_left)(), (end.valid_until)());
            if last.replace(Some(left)) != Some(left) {
                words.try_set(time_left(left));
                bar.try_set(left.to_string());
                then.try_set(if left > 0 { RENEWS } else { WAITS });
            }
            if last_until.replace(ends) != ends {
                until.try_set(ends.map(|ends| LocalTime::of(ends).clock()).unwrap_or_default());
            }
        };
        look();
        // Fails only without a window.
        if let Ok(interval) = set_interval_with_handle(look, LOOK_EVERY) {
            on_cleanup(move || interval.clear());
        }
        shown
    }
}

const RENEWS: &str = "left; renews by itself while you are here";
const WAITS: &str = "left; waits for the server";

/// "59:58"; from an hour and a half with hours, "1:30:00".
fn time_left(seconds: u64) -> String {
    const WITH_HOURS: u32 = 90 * 60;
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    let (minutes, rest) = (seconds / 60, two_digits(seconds % 60));
    if seconds < WITH_HOURS {
        return [minutes.to_string(), rest].join(":");
    }
    [(minutes / 60).to_string(), two_digits(minutes % 60), rest].join(":")
}

/// Returns a name that fits on the ring.
fn short(username: &str) -> String {
    const LONGEST: usize = 16;
    if username.chars().count() <= LONGEST {
        return username.to_owned();
    }
    username.chars().take(LONGEST - 1).chain(['…']).collect()
}
