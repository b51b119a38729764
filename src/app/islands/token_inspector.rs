//! The inspector's island. Its elements belong to the page; see `app/inspector.rs`.

use leptos::prelude::*;

use crate::app::components::in_browser;
use crate::app::inspector;

#[island(lazy)]
pub fn TokenInspector() -> impl IntoView {
    in_browser(inspector::start);
}
