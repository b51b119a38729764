//! An entry in `localStorage` by which the tabs of a browser learn of each other's sign-ins and sign-outs.
//!
//! It is no secret: it says that a user signed in, and how long the browser must remember. Every sign-in changes it.
//! A sign-out writes "out" and removes that when the server has confirmed. A renewal does not change it, so that other
//! tabs do nothing. If storage is denied, there is no marker, and a tab finds out when it asks the server.

use std::cell::RefCell;

use js_sys::{Math, Number};

use crate::app::browser::storage::local_storage;
use crate::app::browser::{Keep, Mark};

/// The key. The head script of `app/shell.rs` reads it too.
pub const MARKER: &str = "handstamp.session";

/// The text that stands for [`Mark::SignedOut`].
pub const SIGNED_OUT: &str = "out";

thread_local! {
    /// The marker as this tab last wrote or read it.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Returns what the marker says, and whether another tab has changed it since this tab read it.
pub fn look() -> (Mark, bool) {
    let now = read();
    let mark = match now.as_deref() {
        None => Mark::Absent,
        Some(SIGNED_OUT) => Mark::SignedOut,
        Some(_) => Mark::Session,
    };
    (mark, LAST.with_borrow(|last| *last != now))
}

/// Reads it again.
pub fn remember() {
    LAST.set(read());
}

/// Writes it again as it was.
pub fn restore() {
    if let Some(last) = LAST.with_borrow(Clone::clone) {
        write(&last);
    }
}

/// Returns how long the user wanted to stay signed in, if that is known.
pub fn kept() -> Keep {
    if read().is_some_and(|marker| marker.starts_with(DEVICE)) { Keep::OnThisDevice } else { Keep::InThisTab }
}

/// Marks a new session.
pub fn mark(keep: Keep) {
    let kind = if keep == Keep::OnThisDevice { DEVICE } else { "tab" };
    let letters = Number::from(Math::random()).to_string_with_radix(36).map(String::from).unwrap_or_default();
    write(&[kind, &letters].concat());
}

/// Marks a session that began before the program loaded.
pub fn mark_if_unmarked() {
    if read().is_none() {
        mark(Keep::InThisTab);
    }
}

/// Marks a sign-out that the server has not confirmed.
pub fn mark_signed_out() {
    write(SIGNED_OUT);
}

/// Removes the marker: there is no session.
pub fn unmark() {
    if let Some(storage) = local_storage() {
        // Fails only if there is nothing to remove.
        let _ = storage.remove_item(MARKER);
    }
    remember();
}

/// Removes the mark of a confirmed sign-out. If another tab has begun a session since, its mark stays.
pub fn unmark_signed_out() {
    if look().0 == Mark::SignedOut {
        unmark();
    }
}

fn read() -> Option<String> {
    local_storage()?.get_item(MARKER).ok()?
}

fn write(text: &str) {
    if let Some(storage) = local_storage() {
        // If it cannot be kept, tabs find out when they ask the server.
        let _ = storage.set_item(MARKER, text);
    }
    remember();
}

const DEVICE: &str = "device";
