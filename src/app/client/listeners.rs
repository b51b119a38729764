//! Turns what happens in the browser into events: the user comes back, another tab writes or clears the storage, the
//! computer slept.

use std::time::Duration;

use leptos::{ev, prelude::*};

use crate::app::browser::clock;
use crate::app::browser::marker::MARKER;
use crate::app::browser::storage::KEY;
use crate::app::client::driver::send;
use crate::app::client::values::Event;

/// How often the two clocks are compared.
const TICK: Duration = Duration::from_secs(5);

/// Listens as long as the page lives.
pub fn listen() {
    let storage = window_event_listener(ev::storage, |event| match event.key().as_deref() {
        // No key: the whole storage was cleared.
        None => send(Event::StorageCleared),
        Some(MARKER) => send(Event::MarkerWritten),
        Some(KEY) if event.new_value().is_some() => send(Event::TokenWritten),
        Some(_) => {}
    });
    let pageshow = window_event_listener(ev::pageshow, |event| {
        // The Back button brought the page out of the browser's memory, unchanged.
        if event.persisted() {
            send(Event::MarkerWritten);
        }
    });
    let back = ["focus", "online", "visibilitychange"]
        .map(|event| window_event_listener_untyped(event, |_| send(Event::CameBack)));
    // Fails only without a window.
    let _ = set_interval_with_handle(|| send(Event::Tick(clock::wall())), TICK);
    std::mem::forget((storage, pageshow, back));
}
