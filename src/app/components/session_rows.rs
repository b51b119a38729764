//! Sessions, each with a button to end it, and a button to end all others.
//!
//! The row of an ended session leaves with a short motion (none if the visitor prefers none), and the focus goes to the
//! next row.

mod list;

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::api_types::SessionSummary;
use crate::app::components::asking::Asking;
use crate::app::components::dom::{Flag, HEADING};
use crate::app::components::time_words::{ago, day_and_clock};
use list::{END_OTHERS, List, Row};

#[component]
pub fn SessionRows(
    sessions: Vec<SessionSummary>,
    /// By the server's clock, in Unix seconds.
    now: i64,
    end: fn(String) -> Asking<()>,
    end_others: fn() -> Asking<()>,
) -> impl IntoView {
    let list = List::of(&sessions);
    let busy: Flag = RwSignal::new(None);
    let end_all = move |_| list.end(list.others(), busy, list.problem, end_others(), "All other sessions have ended.");
    let items = sessions.into_iter().zip(list.rows()).map(move |(session, row)| item(list, row, session, now, end));
    view! {
        <div class="sessions-head">
            <div>
                <h1 id=HEADING tabindex="-1">"Where you are signed in"</h1>
                <p class="lead">"Ending a session takes effect at once, on every device."</p>
            </div>
            <button
                class="button button--bad"
                type="button"
                id=END_OTHERS
                aria-busy=busy
                hidden=list.alone
                on:click=end_all
            >
                <span class="button__label">"End all others"</span>
            </button>
        </div>
        <p class="problems sessions-problem" role="alert" hidden=list.problem.hidden>{list.problem.words}</p>
        <ul class="card sessions">{items.collect_view()}</ul>
        <p class="beside" hidden=list.in_company>"Only this device is signed in."</p>
        <p class="visually-hidden" role="status">{list.status}</p>
    }
}

/// One session, and the button that ends it.
fn item(list: List, row: Row, session: SessionSummary, now: i64, end: fn(String) -> Asking<()>) -> impl IntoView {
    let SessionSummary { id, device, ip, started_at, last_used_at, current, .. } = session;
    let letter: String = device.chars().take(1).collect();
    let used = if current { "Active now".to_owned() } else { ["Used ", &ago(last_used_at, now)].concat() };
    let since = ["since ", &day_and_clock(started_at, now)].concat();
    let used_and_where = if ip.is_empty() { used } else { [used, ip].join(" · ") };
    let name = ["End ", &device].concat();
    let click = move |event: MouseEvent| {
        // The second click of a double click would hit the row that has moved up.
        if event.detail() < 2 {
            list.end(vec![row], row.busy, row.problem, end(id.clone()), "The session has ended.");
        }
    };
    view! {
        <li class="session" data-leaving=row.leaving hidden=row.gone>
            <div class="session__row">
                <span class="letter" aria-hidden="true">{letter}</span>
                <h2 class="session__device">
                    <span>{device}</span>
                    {current.then(|| view! { <span class="pill pill--good">"This device"</span> })}
                </h2>
                <p class="session__details"><span>{used_and_where}</span> " · " <span>{since}</span></p>
                {(!current).then(|| view! {
                    <button
                        class="button button--small session__end"
                        type="button"
                        id=row.button_id()
                        aria-label=name
                        aria-busy=row.busy
                        on:click=click
                    >
                        <span class="button__label">"End"</span>
                    </button>
                })}
                // In its own row, so that no other row moves under the pointer.
                <p class="field__problem session__problem" role="alert" hidden=row.problem.hidden>{row.problem.words}</p>
            </div>
        </li>
    }
}
