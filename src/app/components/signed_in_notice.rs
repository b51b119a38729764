//! A quiet word to somebody who opens a form although signed in.
//!
//! No island: the style sheet shows it by the document's `data-signed-in`, which is right before the first paint.

use leptos::prelude::*;

#[component]
pub fn SignedInNotice() -> impl IntoView {
    view! {
        <p class="notice when-signed-in">
            "You are signed in on this browser. " <a href="/dashboard">"Go to your dashboard"</a>
        </p>
    }
}
