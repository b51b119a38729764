//! When something happened, as people say it, and such facts in one line. Both instants are the server's, in Unix seconds.

use crate::app::components::local_time::LocalTime;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// "just now", "5 minutes ago", "2 hours ago", "yesterday", "on 14 November"
pub fn ago(then: i64, now: i64) -> String {
    let passed = now - then;
    if passed < MINUTE {
        return "just now".to_owned();
    }
    if passed < HOUR {
        return some(passed / MINUTE, "minute");
    }
    // In hours until midnight, and in the first hours of the next day too.
    if passed < DAY && (same_day(then, now) || passed < 6 * HOUR) {
        return some(passed / HOUR, "hour");
    }
    if same_day(then, now - DAY) { "yesterday".to_owned() } else { "on ".to_owned() + &day(then, now) }
}

/// "today, 09:12", "yesterday, 09:12", "14 November", "14 November 2025"
pub fn day_and_clock(then: i64, now: i64) -> String {
    let day_name = if same_day(then, now) {
        "today"
    } else if same_day(then, now - DAY) {
        "yesterday"
    } else {
        return day(then, now);
    };
    [day_name, &LocalTime::of(then).clock()].join(", ")
}

/// "today, 09:12 (2 hours ago)", "yesterday, 09:12", "14 November, 09:12"
pub fn when(then: i64, now: i64) -> String {
    if same_day(then, now) {
        [&day_and_clock(then, now), " (", &ago(then, now), ")"].concat()
    } else if same_day(then, now - DAY) {
        day_and_clock(then, now)
    } else {
        [day(then, now), LocalTime::of(then).clock()].join(", ")
    }
}

/// "tomorrow, 09:12", "27 November, 09:12": for a time in the future.
pub fn until(then: i64, now: i64) -> String {
    if same_day(then, now) || same_day(then, now + DAY) {
        let day_name = if same_day(then, now) { "today" } else { "tomorrow" };
        [day_name, &LocalTime::of(then).clock()].join(", ")
    } else {
        [day(then, now), LocalTime::of(then).clock()].join(", ")
    }
}

/// "today, 09:12 · Firefox on Linux": a line can break between two facts, not within one. Skips empty facts.
pub fn in_pieces(facts: &[String]) -> String {
    let facts: Vec<_> = facts.iter().filter(|fact| !fact.is_empty()).map(|fact| fact.replace(' ', "\u{a0}")).collect();
    facts.join(" · ")
}

fn day(then: i64, now: i64) -> String {
    let (then, now) = (LocalTime::of(then), LocalTime::of(now));
    if then.year() == now.year() { then.day_and_month() } else { then.date() }
}

fn same_day(one: i64, other: i64) -> bool {
    LocalTime::of(one).date() == LocalTime::of(other).date()
}

fn some(number: i64, unit: &str) -> String {
    [number.to_string().as_str(), " ", unit, if number == 1 { " ago" } else { "s ago" }].concat()
}
