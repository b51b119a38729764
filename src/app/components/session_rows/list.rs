//! What changes in a list of sessions: rows that leave, problems, and which sessions are left.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::{ApiError, SessionSummary};
use crate::app::components::asking::Asking;
use crate::app::components::dom::{Flag, HEADING, Words, focus_now};
use crate::app::components::form_problems::Problem;
use crate::app::components::sentences::{SOMETHING_WENT_WRONG, sentence};

/// The time that the style sheet gives a row to leave.
const LEAVING: Duration = Duration::from_millis(200);

/// The id of the button that ends all others.
pub const END_OTHERS: &str = "end-others";

/// The list.
#[derive(Clone, Copy)]
pub struct List {
    rows: StoredValue<Vec<Row>>,
    /// Why the others were not ended.
    pub problem: Problem,
    pub status: Words,
    /// Hides what needs other sessions, or the sentence for a list without others.
    pub alone: Flag,
    pub in_company: Flag,
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row {
    index: usize,
    current: bool,
    pub busy: Flag,
    pub problem: Problem,
    pub leaving: Flag,
    pub gone: Flag,
}

impl List {
    pub fn of(sessions: &[SessionSummary]) -> Self {
        let none = || RwSignal::new(None);
        let row = |(index, session): (usize, &SessionSummary)| Row {
            index,
            current: session.current,
            busy: none(),
            problem: Problem::none(),
            leaving: none(),
            gone: none(),
        };
        let list = Self {
            rows: StoredValue::new(sessions.iter().enumerate().map(row).collect()),
            problem: Problem::none(),
            status: RwSignal::new(""),
            alone: none(),
            in_company: none(),
        };
        list.count();
        list
    }

    pub fn rows(self) -> Vec<Row> {
        self.rows.get_value()
    }

    /// Asks the server, once at a time. Then removes the row of the ended session, or shows why it was not ended.
    pub fn end(self, rows: Vec<Row>, busy: Flag, problem: Problem, ending: Asking<()>, done: &'static str) {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some("true"));
        spawn_local(async move {
            let ended = ending.await;
            // The page may show something else by now.
            if busy.try_set(None).is_some() {
                return;
            }
            problem.say(match ended {
                // The session has already ended, as the user wanted. Or they cancelled the dialog, and nothing ended.
                Ok(()) | Err(ApiError::NotFound | ApiError::FreshTokenRequired) => "",
                Err(ApiError::Unreachable) => sentence(ApiError::Unreachable),
                Err(_) => SOMETHING_WENT_WRONG,
            });
            if matches!(ended, Ok(()) | Err(ApiError::NotFound)) {
                self.status.set(done);
                self.remove(rows);
            }
        });
    }

    /// Removes all rows but the one of this session.
    pub fn others(self) -> Vec<Row> {
        self.rows().into_iter().filter(|row| !row.current && row.leaving.get_untracked().is_none()).collect()
    }

    fn remove(self, rows: Vec<Row>) {
        let focused = document().active_element().map(|element| element.id()).unwrap_or_default();
        for row in &rows {
            row.leaving.set(Some(""));
        }
        if focused == END_OTHERS {
            focus_now(HEADING);
        } else if let Some(row) = rows.iter().find(|row| row.button_id() == focused) {
            let others = self.others();
            let next = others.iter().find(|other| other.index > row.index).or(others.last());
            focus_now(&next.map_or_else(|| HEADING.to_owned(), Row::button_id));
        }
        self.count();
        set_timeout(move || rows.iter().for_each(|row| _ = row.gone.try_set(Some(""))), LEAVING);
    }

    fn count(self) {
        let alone = self.others().is_empty();
        self.alone.set(alone.then_some(""));
        self.in_company.set((!alone).then_some(""));
    }
}

impl Row {
    pub fn button_id(&self) -> String {
        ["end-", &self.index.to_string()].concat()
    }
}
