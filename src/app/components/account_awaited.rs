//! The account before it has loaded: bones of about the same size.
//!
//! This is also what the server renders. The style sheet shows the bones only to a visitor who seems to be signed in.

use leptos::prelude::*;

#[component]
pub fn AccountAwaited() -> impl IntoView {
    view! {
        <h1 class="awaited-heading">"Account"</h1>
        <div class="bones when-signed-in">
            <p class="visually-hidden" role="status">"Getting your account…"</p>
            <div aria-hidden="true">
                <p class="heading">"Your account"</p>
                <div class="section">
                    <div class="bone bone--words"></div>
                    <div class="card bone-card bone-card--facts"></div>
                </div>
                <div class="section">
                    <div class="bone bone--words"></div>
                    <div class="card bone-card bone-card--password"></div>
                </div>
            </div>
        </div>
    }
}
