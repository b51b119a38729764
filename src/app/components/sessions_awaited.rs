//! The list of sessions before it has loaded: bones of the same size, so that nothing moves when it comes.
//!
//! This is also what the server renders. The style sheet shows the bones only to a visitor who seems to be signed in.

use leptos::prelude::*;

#[component]
pub fn SessionsAwaited() -> impl IntoView {
    view! {
        <h1 class="awaited-heading">"Sessions"</h1>
        <div class="bones when-signed-in">
            <p class="visually-hidden" role="status">"Getting your sessions…"</p>
            <div aria-hidden="true">
                <p class="heading">"Where you are signed in"</p>
                <p class="lead">"Ending a session takes effect at once, on every device."</p>
                <div class="card sessions">
                    <div class="bone bone--session"></div>
                    <div class="bone bone--session"></div>
                </div>
            </div>
        </div>
    }
}
