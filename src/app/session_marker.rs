//! A marker in `localStorage` by which the tabs of a browser hear of each other's sign-ins and sign-outs.
//!
//! No secret: it says that somebody signed in, and how long the browser was to remember. It changes with every sign-in and
//! goes with every sign-out; a renewal leaves it alone, so that no other tab stirs. Where storage is denied there is none,
//! and tabs find out when they ask the server.

use gloo_storage::{LocalStorage, Storage as _};
use js_sys::{Math, Number};
use leptos::prelude::window;
use web_sys::Storage;

use crate::app::token_storage::Keep;

/// The key. The head script of `app/shell.rs` reads it too.
pub const MARKER: &str = "handstamp.session";

/// What it says after a sign-out that the server has not confirmed, or not yet: the cookie does not count.
pub const SIGNED_OUT: &str = "out";

/// None where the browser denies it: gloo-storage would panic.
pub fn local_storage() -> Option<Storage> {
    window().local_storage().ok()?.map(|_| LocalStorage::raw())
}

/// What the tabs agree on.
pub fn marker() -> Option<String> {
    local_storage()?.get_item(MARKER).ok()?
}

/// What was chosen when this session began, as far as it is known.
pub fn kept() -> Keep {
    if marker().is_some_and(|marker| marker.starts_with(DEVICE)) { Keep::OnThisDevice } else { Keep::InThisTab }
}

/// Somebody has signed in.
pub fn mark(keep: Keep) {
    let kind = if keep == Keep::OnThisDevice { DEVICE } else { "tab" };
    let letters = Number::from(Math::random()).to_string_with_radix(36).map(String::from).unwrap_or_default();
    mark_as(&[kind, &letters].concat());
}

/// Marks a session that began before the program was there.
pub fn mark_if_unmarked() {
    if marker().is_none() {
        mark(Keep::InThisTab);
    }
}

/// Somebody has signed out; `confirmed` by the server or not.
pub fn unmark(confirmed: bool) {
    if !confirmed {
        mark_as(SIGNED_OUT);
    } else if let Some(storage) = local_storage() {
        // Fails only where there is nothing to remove.
        let _ = storage.remove_item(MARKER);
    }
}

/// Writes what the marker was, or is to be.
pub fn mark_as(value: &str) {
    if let Some(storage) = local_storage() {
        // Where it cannot be kept, tabs find out when they ask.
        let _ = storage.set_item(MARKER, value);
    }
}

const DEVICE: &str = "device";
