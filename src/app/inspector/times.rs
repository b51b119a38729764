//! Instants in words, and how far away they are. Uses the browser's clock, which may be wrong: the page says so.

use js_sys::Date;
use leptos::web_sys::wasm_bindgen::JsValue;

use crate::app::components::LocalTime;

/// The year 5138 in seconds; a larger number must be in milliseconds.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Now, in Unix seconds.
pub fn now() -> i64 {
    whole(Date::now() / 1000.0)
}

/// Returns the instant that a claim names, if it is a whole number of seconds.
pub fn instant(value: &JsValue) -> Option<i64> {
    value.as_f64().filter(|number| number.fract() == 0.0).map(whole)
}

/// Returns whether a number is too large for seconds.
pub const fn is_in_milliseconds(instant: i64) -> bool {
    instant >= MILLISECONDS_FROM
}

/// "22 November 2026, 09:12 (in 4 min 12 s)"
pub fn told(instant: i64, now: i64) -> String {
    let away =
        if instant > now { ["in ", &span(instant - now)].concat() } else { [&span(now - instant), " ago"].concat() };
    [&LocalTime::of(instant).date_and_clock(), " (", &away, ")"].concat()
}

/// "4 min 12 s"
pub fn span(seconds: i64) -> String {
    let (large, small, one, two) = match seconds {
        0..60 => return [&seconds.to_string(), " s"].concat(),
        60..3600 => (seconds / 60, seconds % 60, " min ", " s"),
        3600..172_800 => (seconds / 3600, seconds % 3600 / 60, " h ", " min"),
        _ => return [&(seconds / 86400).to_string(), " days"].concat(),
    };
    [&large.to_string(), one, &small.to_string(), two].concat()
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, far from any instant")]
fn whole(number: f64) -> i64 {
    number as i64
}
