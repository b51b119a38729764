//! Where the program starts in the browser.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::app::signed_in;

/// Called by the start script of `app/shell.rs`, before it wakes the islands.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
    signed_in::watch();
}
