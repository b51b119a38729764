//! Runs something in the browser after the server's markup is there.

use leptos::prelude::Effect;

/// Runs this once, and again when a signal changes that it read. One copy of what Leptos needs for it serves all islands.
pub fn in_browser(run: impl Fn() + 'static) {
    follow(Box::new(run));
}

#[inline(never)]
fn follow(run: Box<dyn Fn()>) {
    Effect::new(run);
}
