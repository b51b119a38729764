//! The dashboard before its answer: bones of the same size, so that nothing moves when the answer comes.
//!
//! This is also what the server renders. The style sheet shows the bones only to a browser that holds a token.

use leptos::prelude::*;

#[component]
pub fn GreetingAwaited() -> impl IntoView {
    view! {
        <h1 class="awaited-heading">"Dashboard"</h1>
        <div class="bones when-signed-in">
            <p class="visually-hidden" role="status">"Getting your greeting…"</p>
            <div aria-hidden="true">
                <p class="eyebrow">"Dashboard"</p>
                <div class="bone bone--heading"></div>
                <div class="cards">
                    <div class="card bone-card bone-card--stamp"></div>
                    <div class="card bone-card bone-card--visitor"></div>
                    <div class="card bone-card bone-card--curl"></div>
                </div>
            </div>
        </div>
    }
}
