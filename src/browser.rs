//! Where the program starts in the browser.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::app::client;
use crate::app::client::LatePieces;
use crate::app::islands::{add_passkey_quietly, sign_in_again};

/// Called by the start script of `app/shell.rs`, before it starts the islands.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
    client::start(LatePieces { dialog: sign_in_again::open, quiet_passkey: add_passkey_quietly });
}
