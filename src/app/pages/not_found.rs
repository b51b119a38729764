//! The page for every address that is not in the page table of `app.rs`.

use leptos::prelude::*;

use crate::app::components::PageTitle;

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <PageTitle text="Not found · Handstamp"/>
        <div class="page page--form">
            <p class="eyebrow">"404"</p>
            <h1>"There is nothing here."</h1>
            <p class="lead">"The address may be mistyped, or the page has moved."</p>
            <p class="page__way"><a class="button button--ink" href="/">"Go to the start"</a></p>
        </div>
    }
}
