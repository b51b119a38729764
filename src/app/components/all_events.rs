//! `/admin/events` of an administrator: the events of all accounts.

use leptos::prelude::*;

use crate::api_types::EventsAnswer;
use crate::app::components::admin_head::AdminHead;
use crate::app::components::asking::Asking;
use crate::app::components::event_list::{EventList, EventTemplate, Events};
use crate::app::components::piece::Piece;

#[component]
pub fn AllEventsTemplates() -> impl IntoView {
    view! {
        <template id=ALL>
            <div class="contents">
                <AdminHead here="/admin/events" heading="Events" words="What happened to all accounts, newest first."/>
                <div class="card list"><EventList/></div>
            </div>
        </template>
        <EventTemplate/>
    }
}

/// Returns the events; `now` is by the server's clock, in Unix seconds.
pub fn all_events(newest: EventsAnswer, now: i64, older: fn(String) -> Asking<EventsAnswer>) -> Piece {
    let all = Piece::copy_of(ALL);
    Events { now, named: true, older }.fill(&all, newest);
    all
}

const ALL: &str = "all-events";
