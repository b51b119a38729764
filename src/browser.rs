//! Where the program starts in the browser.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::app::client;
use crate::app::islands::sign_in_again;

/// Called by the start script of `app/shell.rs`, before it starts the islands.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
    client::start(sign_in_again::open);
}
