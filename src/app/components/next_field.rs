//! Where the form leads when it has signed somebody in: a hidden field, written by the server, outside of the island.
//!
//! The form posts it by itself, and the program reads it. It holds what `next.rs` has accepted.

use leptos::prelude::*;

use crate::app::components::dom::{FORM, NEXT};
use crate::app::page_facts::PageFacts;

#[component]
pub fn NextField() -> impl IntoView {
    PageFacts::get().next.map(|next| view! { <input type="hidden" id=NEXT name="next" form=FORM value=next/> })
}
