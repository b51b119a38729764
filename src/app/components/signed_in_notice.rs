//! Tells a user who opens a form that they are already signed in, and offers the way on.
//!
//! It is no island: the style sheet shows it by the document's `data-signed-in`, which is right before the first paint.

use leptos::either::Either;
use leptos::prelude::*;

use crate::app::next::DASHBOARD;
use crate::app::page_facts::PageFacts;

#[component]
pub fn SignedInNotice() -> impl IntoView {
    let PageFacts { next, shut_out_of, .. } = PageFacts::get();
    if let (Some(next), Some(host)) = (&next, shut_out_of) {
        return Either::Left(view! {
            <p class="notice" role="alert">
                "You are signed in, but " {host} " does not let this browser in: it did not get the cookie of this server. "
                "Allow cookies, then " <a href=next.clone()>"try again"</a> ". If that does not help, tell its administrator."
            </p>
        });
    }
    let (way, words) = match next {
        Some(next) => (next, "Go on to your page"),
        None => (DASHBOARD.to_owned(), "Go to your dashboard"),
    };
    Either::Right(
        view! { <p class="notice when-signed-in">"You are signed in on this browser. " <a href=way>{words}</a></p> },
    )
}
