//! Security events, newest first. A button loads older ones.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::{EventSummary, EventsAnswer};
use crate::app::components::asking::Asking;
use crate::app::components::dom::{Flag, focus_now};
use crate::app::components::event_words::{by_whom, what_happened};
use crate::app::components::form_problems::Problem;
use crate::app::components::sentences::trouble;
use crate::app::components::time_words::{in_pieces, when};

#[component]
pub fn EventList(
    newest: EventsAnswer,
    /// By the server's clock, in Unix seconds.
    now: i64,
    /// Whether to show whose account it was.
    named: bool,
    older: fn(String) -> Asking<EventsAnswer>,
) -> impl IntoView {
    let some: Flag = RwSignal::new((!newest.events.is_empty()).then_some(""));
    let all_here: Flag = RwSignal::new(newest.older.is_none().then_some(""));
    let next = StoredValue::new(newest.older.unwrap_or_default());
    let events = RwSignal::new(newest.events);
    let busy: Flag = RwSignal::new(None);
    let problem = Problem::none();
    let more = move |_| {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some("true"));
        spawn_local(async move {
            let answer = older(next.get_value()).await;
            // The page may show something else by now.
            if busy.try_set(None).is_some() {
                return;
            }
            match answer {
                Ok(EventsAnswer { events: page, older }) => {
                    problem.say("");
                    all_here.set(older.is_none().then_some(""));
                    next.set_value(older.unwrap_or_default());
                    // The user reads on from there; the button may be gone.
                    let first = page.first().map(row_id);
                    events.update(|events| events.extend(page));
                    if let Some(first) = first {
                        request_animation_frame(move || focus_now(&first));
                    }
                }
                Err(error) => problem.say(trouble(error)),
            }
        });
    };
    view! {
        <p class="beside" hidden=some>"Nothing yet."</p>
        <ul class="rows">{move || events.get().into_iter().map(|event| row(event, now, named)).collect_view()}</ul>
        <p class="problems" role="alert" hidden=problem.hidden>{problem.words}</p>
        <button class="button button--small more" type="button" aria-busy=busy hidden=all_here on:click=more>
            <span class="button__label">"Show older"</span>
        </button>
    }
}

fn row(event: EventSummary, now: i64, named: bool) -> impl IntoView {
    let (what, tone) = what_happened(&event);
    let (id, by) = (row_id(&event), by_whom(&event));
    let EventSummary { at, username, device, ip, .. } = event;
    let who = if named { username + ": " } else { String::new() };
    view! {
        <li class="row event" id=id tabindex="-1" data-tone=tone>
            <p class="event__what"><span class="event__who">{who}</span>{what}</p>
            <p class="row__details">{in_pieces(&[when(at, now), device, ip, by])}</p>
        </li>
    }
}

fn row_id(event: &EventSummary) -> String {
    ["event-", &event.id].concat()
}
