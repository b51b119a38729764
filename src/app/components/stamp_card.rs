//! "Your stamp": how long it is valid, and the imprint.
//!
//! A renewal resets the time, and changes nothing else.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::*;

use crate::api_types::GreetingAnswer;
use crate::app::components::imprint::{Imprint, fill_imprint};
use crate::app::components::local_time::{LocalTime, two_digits};
use crate::app::components::piece::Piece;

/// When the stamp ends, as the page knows it.
#[derive(Clone, Copy)]
pub struct StampEnd {
    /// Seconds from now.
    pub seconds_left: fn() -> u64,
    /// In Unix seconds of the server.
    pub valid_until: fn() -> Option<i64>,
}

#[component]
pub fn StampCard() -> impl IntoView {
    view! {
        <section class="card stamp">
            <div class="stamp__words">
                <h2>"Your stamp"</h2>
                <p class="stamp__left" role="timer"></p>
                <p class="stamp__then"></p>
            </div>
            <div class="stamp__imprint"><Imprint words="" label="Stamp"/></div>
            <progress class="stamp__bar" aria-label="Time left"></progress>
            <p class="stamp__until">"Valid until " <span data-part="until"></span></p>
        </section>
    }
}

pub fn fill_stamp_card(card: &Piece, answer: &GreetingAnswer, end: StampEnd) {
    let since = LocalTime::of(answer.issued_at);
    let words = [&short(&answer.username), "Stamped", &since.short_date(), &since.clock()].join(" · ");
    fill_imprint(card, &words, &["Stamp: ", &answer.username, ", ", &since.date_and_clock()].concat());
    card.first(".stamp__bar").set("max", &answer.lifetime.to_string());
    count_down(card, end);
}

/// Shows the time left, in words and in seconds: now, and as long as the card is on the page.
fn count_down(card: &Piece, end: StampEnd) {
    /// More often than once a second, so that no second is skipped.
    const LOOK_EVERY: Duration = Duration::from_millis(250);

    let [words, then, bar] = [".stamp__left", ".stamp__then", ".stamp__bar"].map(|part| card.first(part));
    let until = card.part("until");
    let (last, last_until) = (Cell::new(None), Cell::new(None));
    let look = move || {
        let (left, ends) = ((end.seconds_left)(), (end.valid_until)());
        if last.replace(Some(left)) != Some(left) {
            words.say(&time_left(left));
            bar.set("value", &left.to_string());
            let said = if left > 0 { RENEWS } else { WAITS };
            // A screen reader would read equal words again.
            if then.text() != said {
                then.say(said);
            }
        }
        if last_until.replace(ends) != ends {
            until.say(&ends.map(|ends| LocalTime::of(ends).clock()).unwrap_or_default());
        }
    };
    look();
    let card = card.clone();
    let interval: Rc<Cell<Option<IntervalHandle>>> = Rc::default();
    let running = interval.clone();
    let look_or_stop = move || {
        if card.is_there() {
            look();
        } else if let Some(interval) = running.take() {
            interval.clear();
        }
    };
    // Fails only without a window.
    interval.set(set_interval_with_handle(look_or_stop, LOOK_EVERY).ok());
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
