//! The page that follows a sign-in: a hidden field of the form, written by the server, outside of the island.
//!
//! The browser posts it with the form, and the program reads it. It holds only what `next.rs` has accepted.

use leptos::prelude::*;

use crate::app::components::dom::{FORM, NEXT};
use crate::app::page_facts::PageFacts;

#[component]
pub fn NextField() -> impl IntoView {
    PageFacts::get().next.map(|next| view! { <input type="hidden" id=NEXT name="next" form=FORM value=next/> })
}
