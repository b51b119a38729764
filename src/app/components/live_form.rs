//! A form that the browser has copied from a template: its problems, and its password fields. `form_problems.rs` and
//! `password_field.rs` have the elements.

use crate::api_types::ApiError;
use crate::app::components::asking::Asking;
use crate::app::components::password_field::{HIDDEN, Kind, Looks, READABLE, about_caps_lock};
use crate::app::components::piece::Piece;

/// The form.
#[derive(Clone)]
pub struct LiveForm {
    form: Piece,
    fields: &'static [&'static Kind],
}

impl LiveForm {
    /// Finds the form inside, and makes its password fields work.
    pub fn inside(place: &Piece, fields: &'static [&'static Kind]) -> Self {
        let live = Self { form: place.first("form"), fields };
        for kind in fields {
            let (input, button) = live.input_and_button(kind);
            let caps_lock = live.form.first(&["#", kind.problem_id].concat()).previous();
            for event in ["keydown", "keyup"] {
                let caps_lock = caps_lock.clone();
                input.on(event, move |event| {
                    let words = about_caps_lock(event);
                    if caps_lock.text() != words {
                        caps_lock.say(words);
                    }
                });
            }
            let (form, shown) = (live.clone(), button.clone());
            button.on("click", move |_| form.look(kind, if shown.text() == HIDDEN.words { READABLE } else { HIDDEN }));
        }
        live
    }

    /// Calls this when the user sends the form; not while an answer is awaited.
    pub fn on_submit(&self, send: impl Fn() + 'static) {
        let live = self.clone();
        self.form.on("submit", move |event| {
            event.prevent_default();
            if live.form.get("aria-busy").is_empty() {
                live.hide_passwords();
                send();
            }
        });
    }

    /// Sends what was typed.
    pub fn ask<T: 'static>(&self, ask: impl FnOnce() -> Asking<T>, then: impl FnOnce(Result<T, ApiError>) + 'static) {
        let form = self.form.clone();
        form.set("aria-busy", "true");
        self.form.first("[type=submit]").ask(ask, move |answer| {
            form.unset("aria-busy");
            then(answer);
        });
    }

    /// Shows these problems, first that of the form, then one for each field. Removes the last ones, and moves the focus to
    /// the summary.
    pub fn say(&self, problems: &[&str]) {
        self.show(problems);
        self.summary().show(true);
        self.summary().focus();
    }

    /// Removes all problems.
    pub fn forget(&self) {
        self.show(&[]);
        self.summary().show(false);
    }

    pub fn hide_passwords(&self) {
        for kind in self.fields {
            self.look(kind, HIDDEN);
        }
    }

    fn show(&self, problems: &[&str]) {
        let words = |at: usize| problems.get(at).copied().unwrap_or_default();
        for (at, line) in ["p:nth-child(1)", "p:nth-child(2)", "p:nth-child(3)"].into_iter().enumerate() {
            self.summary().first(line).complain(words(at));
        }
        for (at, kind) in self.fields.iter().enumerate() {
            let words = words(at + 1);
            self.form.first(&["#", kind.problem_id].concat()).complain(words);
            let (input, _) = self.input_and_button(kind);
            if words.is_empty() { input.unset("aria-invalid") } else { input.set("aria-invalid", "true") }
        }
    }

    fn summary(&self) -> Piece {
        self.form.first(".problems")
    }

    fn look(&self, kind: &Kind, Looks { kind: shown, pressed, name, words }: Looks) {
        let (input, button) = self.input_and_button(kind);
        input.set("type", shown);
        button.set("aria-pressed", pressed);
        button.set("aria-label", name);
        button.say(words);
    }

    fn input_and_button(&self, kind: &Kind) -> (Piece, Piece) {
        let input = self.form.first(&["#", kind.id].concat());
        let button = input.next();
        (input, button)
    }
}
