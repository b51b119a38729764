//! Where the program starts in the browser.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::app::watch::watch;

/// Called by the start script of `app/shell.rs`, before it wakes the islands.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
    watch();
}
