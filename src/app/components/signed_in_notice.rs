//! Tells a user who opens a form that they are already signed in, and offers the way on.
//!
//! It is no island: the style sheet shows it by the document's `data-signed-in`, which is right before the first paint.

use leptos::prelude::*;

use crate::app::next::DASHBOARD;
use crate::app::page_facts::PageFacts;

#[component]
pub fn SignedInNotice() -> impl IntoView {
    let (way, words) = match PageFacts::get().next {
        Some(next) => (next, "Go on to your page"),
        None => (DASHBOARD.to_owned(), "Go to your dashboard"),
    };
    view! { <p class="notice when-signed-in">"You are signed in on this browser. " <a href=way>{words}</a></p> }
}
