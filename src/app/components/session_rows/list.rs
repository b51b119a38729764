//! What changes in a list of sessions: rows that leave, problems, and which sessions are left.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;

use crate::api_types::ApiError;
use crate::app::components::asking::Asking;
use crate::app::components::dom::{HEADING, focus_now};
use crate::app::components::piece::Piece;
use crate::app::components::sentences::{SOMETHING_WENT_WRONG, sentence};

/// The time that the style sheet gives a row to leave.
const LEAVING: Duration = Duration::from_millis(200);

/// The list.
#[derive(Clone)]
pub struct List {
    contents: Piece,
    rows: Rc<RefCell<Vec<Row>>>,
}

/// One row.
#[derive(Clone)]
pub struct Row {
    pub index: usize,
    pub piece: Piece,
    /// The button that ends the session.
    pub end: Piece,
    /// The session of this page.
    pub current: bool,
}

impl List {
    pub fn of(contents: &Piece, rows: Vec<Row>) -> Self {
        let list = Self { contents: contents.clone(), rows: Rc::new(RefCell::new(rows)) };
        list.count();
        list
    }

    /// Asks the server, once at a time. Then removes the rows of the ended sessions, or shows at the button's `place` why
    /// they were not ended.
    pub fn end(
        &self,
        button: &Piece,
        place: &Piece,
        rows: Vec<Row>,
        ask: impl FnOnce() -> Asking<()>,
        done: &'static str,
    ) {
        let (list, problem) = (self.clone(), place.part("problem"));
        button.ask(ask, move |ended| {
            problem.complain(match ended {
                // The session has already ended, as the user wanted. Or they cancelled the dialog, and nothing ended.
                Ok(()) | Err(ApiError::NotFound | ApiError::FreshTokenRequired) => "",
                Err(ApiError::Unreachable) => sentence(ApiError::Unreachable),
                Err(_) => SOMETHING_WENT_WRONG,
            });
            if matches!(ended, Ok(()) | Err(ApiError::NotFound)) {
                list.contents.part("status").say(done);
                list.remove(&rows);
            }
        });
    }

    /// Returns all rows but the one of this session.
    pub fn others(&self) -> Vec<Row> {
        self.rows.borrow().iter().filter(|row| !row.current).cloned().collect()
    }

    fn remove(&self, ended: &[Row]) {
        let focused = ended.iter().find(|row| row.end.has_focus());
        self.rows.borrow_mut().retain(|row| ended.iter().all(|ended| ended.index != row.index));
        if self.contents.part("end-others").has_focus() {
            focus_now(HEADING);
        } else if let Some(row) = focused {
            let others = self.others();
            match others.iter().find(|other| other.index > row.index).or(others.last()) {
                Some(next) => next.end.focus(),
                None => focus_now(HEADING),
            }
        }
        self.count();
        for row in ended {
            row.piece.set("data-leaving", "");
            let leaving = row.piece.clone();
            set_timeout(move || leaving.remove(), LEAVING);
        }
    }

    fn count(&self) {
        let alone = self.others().is_empty();
        self.contents.part("end-others").show(!alone);
        self.contents.part("alone").show(alone);
    }
}
