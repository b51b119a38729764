//! An instant in the visitor's calendar and clock. Uses the browser's time zone, not its clock.

use js_sys::Date;

/// Parts of an instant, in the time zone of the browser.
pub struct LocalTime(Date);

impl LocalTime {
    /// Only in the browser.
    pub fn of(unix_seconds: i64) -> Self {
        let date = Date::new_0();
        #[expect(clippy::cast_precision_loss, reason = "exact for the next 200 million years")]
        date.set_time(unix_seconds as f64 * 1000.0);
        Self(date)
    }

    /// "09:12"
    pub fn clock(&self) -> String {
        [two_digits(self.0.get_hours()), two_digits(self.0.get_minutes())].join(":")
    }

    /// "22 November 2026"
    pub fn date(&self) -> String {
        self.day_and(self.month())
    }

    /// "22 November"
    pub fn day_and_month(&self) -> String {
        [&self.0.get_date().to_string(), self.month()].join(" ")
    }

    pub fn year(&self) -> u32 {
        self.0.get_full_year()
    }

    /// "22 Nov 2026"
    pub fn short_date(&self) -> String {
        self.day_and(self.month().get(..3).unwrap_or_default())
    }

    /// "22 November 2026, 09:12"
    pub fn date_and_clock(&self) -> String {
        [self.date(), self.clock()].join(", ")
    }

    fn day_and(&self, month: &str) -> String {
        [&self.0.get_date().to_string(), month, &self.0.get_full_year().to_string()].join(" ")
    }

    fn month(&self) -> &'static str {
        MONTHS[self.0.get_month() as usize % 12]
    }
}

/// "07", also for the seconds of a countdown.
pub fn two_digits(number: u32) -> String {
    let digits = number.to_string();
    if number < 10 { "0".to_owned() + &digits } else { digits }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
