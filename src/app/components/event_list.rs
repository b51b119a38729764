//! Security events, newest first. A button loads older ones.

use leptos::prelude::*;

use crate::api_types::{EventSummary, EventsAnswer};
use crate::app::components::asking::Asking;
use crate::app::components::event_words::{by_whom, what_happened};
use crate::app::components::piece::Piece;
use crate::app::components::sentences::trouble;
use crate::app::components::time_words::{in_pieces, when};

/// Part of another template.
#[component]
pub fn EventList() -> impl IntoView {
    view! {
        <p class="beside" hidden data-part="no-events">"Nothing yet."</p>
        <ul class="rows" data-part="events"></ul>
        <p class="problems" role="alert" hidden data-part="events-problem"></p>
        <button class="button button--small more" type="button" hidden data-part="older">
            <span class="button__label">"Show older"</span>
        </button>
    }
}

#[component]
pub fn EventTemplate() -> impl IntoView {
    view! {
        <template id=EVENT>
            <li class="row event" tabindex="-1">
                <p class="event__what"><span class="event__who"></span><span data-part="what"></span></p>
                <p class="row__details"></p>
            </li>
        </template>
    }
}

/// How a page shows events.
#[derive(Clone, Copy)]
pub struct Events {
    /// By the server's clock, in Unix seconds.
    pub now: i64,
    /// Whether to show whose account it was.
    pub named: bool,
    pub older: fn(String) -> Asking<EventsAnswer>,
}

impl Events {
    /// Fills in the list inside.
    pub fn fill(self, place: &Piece, newest: EventsAnswer) {
        place.part("no-events").show(newest.events.is_empty());
        self.append(place, newest);
        let more = place.part("older");
        let (button, place) = (more.clone(), place.clone());
        more.on("click", move |_| {
            let place = place.clone();
            let next = button.get(NEXT);
            button.ask(
                || (self.older)(next),
                move |answer| {
                    place.part("events-problem").complain(answer.as_ref().err().copied().map_or("", trouble));
                    // The user reads on from there; the button may be gone.
                    if let Some(first) = answer.ok().and_then(|older| self.append(&place, older)) {
                        first.focus();
                    }
                },
            );
        });
    }

    /// Returns the first of the new rows.
    fn append(self, place: &Piece, EventsAnswer { events, older }: EventsAnswer) -> Option<Piece> {
        let list = place.part("events");
        let mut first = None;
        for event in events {
            let row = self.row(event);
            list.add(&row);
            first.get_or_insert(row);
        }
        let more = place.part("older");
        more.show(older.is_some());
        more.set(NEXT, &older.unwrap_or_default());
        first
    }

    fn row(self, event: EventSummary) -> Piece {
        let row = Piece::copy_of(EVENT);
        let (what, tone) = what_happened(&event);
        let by = by_whom(&event);
        let EventSummary { at, username, device, ip, .. } = event;
        row.set("data-tone", tone);
        if self.named {
            row.first(".event__who").say(&[&username, ": "].concat());
        }
        row.part("what").say(&what);
        row.first(".row__details").say(&in_pieces(&[when(at, self.now), device, ip, by]));
        row
    }
}

const EVENT: &str = "event";

/// Where the list goes on, for the server.
const NEXT: &str = "data-next";
