//! What is wrong with a form: kept in one place, summarised at its top.

use leptos::prelude::*;

use crate::app::components::dom::{self, Flag, Words};

/// Sentences of a form and its two fields; an empty one is no problem.
#[derive(Clone, Copy)]
pub struct Problems {
    pub form: Problem,
    pub username: Problem,
    pub password: Problem,
    hidden: Flag,
}

/// One sentence, and the attributes that go with it.
#[derive(Clone, Copy)]
pub struct Problem {
    pub words: Words,
    pub hidden: Flag,
    pub invalid: Flag,
}

impl Problems {
    pub fn none() -> Self {
        Self { form: Problem::none(), username: Problem::none(), password: Problem::none(), hidden: hidden(true) }
    }

    /// Says these, forgets the last ones, and moves the focus to the summary.
    pub fn say(self, form: &'static str, username: &'static str, password: &'static str) {
        self.form.say(form);
        self.username.say(username);
        self.password.say(password);
        self.hidden.set(None);
        dom::focus(SUMMARY);
    }
}

impl Problem {
    fn none() -> Self {
        Self { words: RwSignal::new(""), hidden: hidden(true), invalid: RwSignal::new(None) }
    }

    fn say(self, words: &'static str) {
        let none = words.is_empty();
        self.words.set(words);
        self.hidden.set(none.then_some(""));
        self.invalid.set((!none).then_some("true"));
    }
}

const SUMMARY: &str = "problems";

/// The summary, read aloud when it appears.
#[component]
pub fn FormProblems(problems: Problems) -> impl IntoView {
    let Problems { form, username, password, hidden } = problems;
    view! {
        <div class="problems" id=SUMMARY role="alert" tabindex="-1" hidden=hidden>
            {[form, username, password].map(|problem| view! { <p hidden=problem.hidden>{problem.words}</p> })}
        </div>
    }
}

fn hidden(hidden: bool) -> Flag {
    RwSignal::new(hidden.then_some(""))
}
