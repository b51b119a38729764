//! Two clocks, and timers.

use std::cell::Cell;
use std::time::Duration;

use js_sys::Date;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::{set_timeout_with_handle, window};

/// Milliseconds since the page was opened. No user can set this clock; it can stop while the computer sleeps.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Milliseconds since 1970 by the browser's clock, which can be wrong.
pub fn wall() -> f64 {
    Date::now()
}

/// Calls a function once, later.
#[derive(Default)]
pub struct Timer(Cell<Option<TimeoutHandle>>);

impl Timer {
    pub const fn new() -> Self {
        Self(Cell::new(None))
    }

    /// Sets the timer anew if it is already set.
    pub fn set(&self, milliseconds: u32, then: impl FnOnce() + 'static) {
        self.clear();
        // Fails only without a window.
        self.0.set(set_timeout_with_handle(then, Duration::from_millis(milliseconds.into())).ok());
    }

    pub fn clear(&self) {
        if let Some(timer) = self.0.take() {
            timer.clear();
        }
    }
}
