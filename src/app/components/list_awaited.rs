//! An administrators' page before its answer: bones of a list.
//!
//! This is also what the server renders. The style sheet shows the bones only to a visitor who seems to be signed in.

use leptos::prelude::*;

#[component]
pub fn ListAwaited(
    /// The heading while there is nothing else to show.
    heading: &'static str,
) -> impl IntoView {
    view! {
        <h1 class="awaited-heading">{heading}</h1>
        <div class="bones when-signed-in">
            <p class="visually-hidden" role="status">"Getting the list…"</p>
            <div aria-hidden="true">
                <div class="bone bone--tabs"></div>
                <div class="bone bone--heading"></div>
                <div class="card list">
                    <div class="bone bone--session"></div>
                    <div class="bone bone--session"></div>
                    <div class="bone bone--session"></div>
                </div>
            </div>
        </div>
    }
}
