//! Sessions, each with a button to end it, and a button to end all others.
//!
//! The row of an ended session leaves with a short motion (none if the visitor prefers none), and the focus goes to the
//! next row.

mod list;

use leptos::prelude::*;
use leptos::web_sys::{MouseEvent, wasm_bindgen::JsCast};

use crate::api_types::SessionSummary;
use crate::app::components::asking::Asking;
use crate::app::components::dom::HEADING;
use crate::app::components::piece::Piece;
use crate::app::components::time_words::{ago, day_and_clock};
use list::{List, Row};

/// What the page can ask the server.
#[derive(Clone, Copy)]
pub struct SessionDoors {
    pub end: fn(String) -> Asking<()>,
    pub end_others: fn() -> Asking<()>,
}

#[component]
pub fn SessionTemplates() -> impl IntoView {
    view! {
        <template id=SESSIONS>
            <div class="contents">
                <div class="sessions-head">
                    <div>
                        <h1 id=HEADING tabindex="-1">"Where you are signed in"</h1>
                        <p class="lead">"Ending a session takes effect at once, on every device."</p>
                    </div>
                    <button class="button button--bad" type="button" data-part="end-others">
                        <span class="button__label">"End all others"</span>
                    </button>
                </div>
                <p class="problems sessions-problem" role="alert" hidden data-part="problem"></p>
                <ul class="card sessions" data-part="sessions"></ul>
                <p class="beside" data-part="alone">"Only this device is signed in."</p>
                <p class="visually-hidden" role="status" data-part="status"></p>
            </div>
        </template>
        <template id=SESSION>
            <li class="session">
                <div class="session__row">
                    <span class="letter" aria-hidden="true" data-part="letter"></span>
                    <h2 class="session__device">
                        <span data-part="device"></span>
                        <span class="pill pill--good" data-part="current">"This device"</span>
                    </h2>
                    <p class="session__details"><span data-part="used"></span> " · " <span data-part="since"></span></p>
                    <button class="button button--small session__end" type="button" data-part="end">
                        <span class="button__label">"End"</span>
                    </button>
                    // In its own row, so that no other row moves under the pointer.
                    <p class="field__problem session__problem" role="alert" hidden data-part="problem"></p>
                </div>
            </li>
        </template>
    }
}

/// Returns the list; `now` is by the server's clock, in Unix seconds.
pub fn session_rows(sessions: Vec<SessionSummary>, now: i64, doors: SessionDoors) -> Piece {
    let contents = Piece::copy_of(SESSIONS);
    let rows: Vec<Row> = sessions.iter().enumerate().map(|(index, session)| row(index, session, now)).collect();
    let list = List::of(&contents, rows.clone());
    for (row, session) in rows.into_iter().zip(sessions) {
        contents.part("sessions").add(&row.piece);
        let end = row.piece.part("end");
        let list = list.clone();
        end.on("click", move |event| {
            // The second click of a double click would hit the row that has moved up.
            if event.unchecked_into::<MouseEvent>().detail() < 2 {
                let ask = || (doors.end)(session.id.clone());
                list.end(&row.end, &row.piece, vec![row.clone()], ask, "The session has ended.");
            }
        });
    }
    let end_others = contents.part("end-others");
    let (button, place) = (end_others.clone(), contents.clone());
    end_others.on("click", move |_| {
        list.end(&button, &place, list.others(), doors.end_others, "All other sessions have ended.");
    });
    contents
}

const SESSIONS: &str = "session-list";
const SESSION: &str = "session";

fn row(index: usize, session: &SessionSummary, now: i64) -> Row {
    let SessionSummary { device, ip, started_at, last_used_at, current, .. } = session;
    let piece = Piece::copy_of(SESSION);
    let end = piece.part("end");
    let letter: String = device.chars().take(1).collect();
    let used = if *current { "Active now".to_owned() } else { ["Used ", &ago(*last_used_at, now)].concat() };
    let used_and_where = if ip.is_empty() { used } else { [&used, " · ", ip].concat() };
    piece.part("letter").say(&letter);
    piece.part("device").say(device);
    piece.part("used").say(&used_and_where);
    piece.part("since").say(&["since ", &day_and_clock(*started_at, now)].concat());
    end.set("aria-label", &["End ", device].concat());
    if *current {
        end.remove();
    } else {
        piece.part("current").remove();
    }
    Row { index, piece, end, current: *current }
}
