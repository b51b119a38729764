//! What a page tells the browser's title bar and a search engine.

use leptos::prelude::*;
use leptos_meta::{Meta, Title};

#[component]
pub fn PageTitle(text: &'static str) -> impl IntoView {
    view! {
        <Title text/>
        <Meta
            name="description"
            content="Sign-in for web applications: when a user signs out, the stamp stops working at once."
        />
    }
}
