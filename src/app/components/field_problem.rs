//! The problem of a field, in words, below it.

use leptos::prelude::*;

use crate::app::components::form_problems::Problem;

/// Takes no room while it is empty. The field names it by `aria-describedby`.
#[component]
pub fn FieldProblem(id: &'static str, problem: Problem) -> impl IntoView {
    view! { <p class="field__problem" id=id hidden=problem.hidden>{problem.words}</p> }
}
