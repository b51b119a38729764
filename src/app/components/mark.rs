//! The mark: the imprint, made small. The same drawing as `public/favicon.svg`.

use leptos::prelude::*;

/// Decoration: the words beside it name it.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <circle class="mark__ring" cx="16" cy="16" r="14.4"/>
            <circle class="mark__ring mark__ring--inner" cx="16" cy="16" r="10"/>
            <path class="mark__tick" d="M11 16.4l3.5 3.5 6.7-7.2"/>
        </svg>
    }
}
