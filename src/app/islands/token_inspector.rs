//! The inspector's island. Its elements belong to the page; see `app/inspector.rs`.

use leptos::prelude::*;

use crate::app::inspector;

#[island(lazy)]
pub fn TokenInspector() -> impl IntoView {
    Effect::new(|_| inspector::start());
}
