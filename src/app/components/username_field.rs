//! The field for the name of a user.

use leptos::prelude::*;

use crate::app::components::field_problem::FieldProblem;
use crate::app::components::form_problems::Problem;

/// Not controlled: what was typed or filled in before the program loaded stays.
#[component]
pub fn UsernameField(
    problem: Problem,
    autocomplete: &'static str,
    /// In the browser the words from the server stay.
    label: &'static str,
    /// The only user who is asked.
    #[prop(optional_no_strip)]
    known: Option<String>,
) -> impl IntoView {
    let readonly = known.is_some();
    view! {
        <div class="field">
            <label class="field__label" for="username">{label}</label>
            <input
                class="field__input"
                type="text"
                id="username"
                name="username"
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                aria-describedby="username-problem"
                aria-invalid=problem.invalid
                value=known
                readonly=readonly
            />
            <FieldProblem id="username-problem" problem/>
        </div>
    }
}
