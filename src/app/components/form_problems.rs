//! The problems of a form: kept in one place, with a summary at its top.

use leptos::prelude::*;

use crate::app::components::dom::{self, Flag, Words};

/// Sentences about a form and its fields, two at most; an empty sentence is no problem.
#[derive(Clone, Copy)]
pub struct Problems {
    pub form: Problem,
    pub first: Problem,
    pub second: Problem,
    hidden: Flag,
    id: &'static str,
}

/// One sentence, and the attributes that depend on it.
#[derive(Clone, Copy)]
pub struct Problem {
    pub words: Words,
    pub hidden: Flag,
    pub invalid: Flag,
}

impl Problems {
    /// `id`: the id of the summary in the whole document.
    pub fn none(id: &'static str) -> Self {
        Self { form: Problem::none(), first: Problem::none(), second: Problem::none(), hidden: hidden(true), id }
    }

    /// Shows these problems, removes the last ones, and moves the focus to the summary.
    pub fn say(self, form: &'static str, first: &'static str, second: &'static str) {
        self.form.say(form);
        self.first.say(first);
        self.second.say(second);
        self.hidden.set(None);
        dom::focus(self.id);
    }

    /// Removes all problems.
    pub fn forget(self) {
        for problem in [self.form, self.first, self.second] {
            problem.say("");
        }
        self.hidden.set(Some(""));
    }
}

impl Problem {
    pub fn none() -> Self {
        Self { words: RwSignal::new(""), hidden: hidden(true), invalid: RwSignal::new(None) }
    }

    /// Shows a sentence; an empty one removes the last.
    pub fn say(self, words: &'static str) {
        let none = words.is_empty();
        self.words.set(words);
        self.hidden.set(none.then_some(""));
        self.invalid.set((!none).then_some("true"));
    }
}

/// The summary. Screen readers read it when it appears.
#[component]
pub fn FormProblems(problems: Problems) -> impl IntoView {
    let Problems { form, first, second, hidden, id } = problems;
    view! {
        <div class="problems" id=id role="alert" tabindex="-1" hidden=hidden>
            {[form, first, second].map(|problem| view! { <p hidden=problem.hidden>{problem.words}</p> })}
        </div>
    }
}

fn hidden(hidden: bool) -> Flag {
    RwSignal::new(hidden.then_some(""))
}
