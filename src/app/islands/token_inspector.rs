//! The inspector, alive. Its elements are the page's; see `app/inspector.rs`.

use leptos::prelude::*;

use crate::app::inspector;

#[island(lazy)]
pub fn TokenInspector() -> impl IntoView {
    Effect::new(|_| inspector::start());
}
