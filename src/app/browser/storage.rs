//! Where the browser keeps the access token: read, keep, forget.
//!
//! The server says where (`TOKEN_STORAGE`, written to `<html data-token-storage>`):
//!
//! | setting | "keep me signed in" | otherwise |
//! |---|---|---|
//! | `local` | `localStorage`, which all tabs share and which outlives the browser | `sessionStorage`, which ends with the tab |
//! | `session` | `sessionStorage` | `sessionStorage` |
//! | `memory` | a variable, gone with the page | a variable |
//!
//! A lost token is renewed with the cookie. Nothing here panics: gloo-storage panics if a browser denies storage, so every
//! access checks first.

use std::cell::RefCell;

use gloo_storage::{LocalStorage, SessionStorage, Storage as _};
use leptos::prelude::window;
use web_sys::Storage;

use crate::app::browser::document::attribute;
use crate::app::browser::{Keep, StorageRefused, Stored};

/// The key in both storages. The head script of `app/shell.rs` reads it too, before the first paint.
pub const KEY: &str = "handstamp.access_token";

/// Returns what is kept in this browser. This tab's own token comes first.
#[must_use]
pub fn read() -> Stored {
    find().0
}

/// Returns the token, if there is one that may be sent.
#[must_use]
pub fn token() -> Option<String> {
    find().1
}

/// Keeps the token of a new session in exactly one place.
///
/// # Errors
/// [`StorageRefused`] if the browser denies storage or it is full; then no token is kept anywhere.
pub fn keep(token: &str, keep: Keep) -> Result<(), StorageRefused> {
    forget();
    place(keep).set(token)
}

/// Keeps the next token of the same session where the last one was; if that is not known, where `keep` says.
///
/// # Errors
/// [`StorageRefused`], as [`keep`].
pub fn renew(token: &str, keep: Keep) -> Result<(), StorageRefused> {
    let last = places().iter().find(|place| !matches!(place.get().0, Stored::Nothing | Stored::Refused));
    last.copied().unwrap_or_else(|| place(keep)).set(token)
}

/// Forgets the token, wherever it is.
pub fn forget() {
    Place::ALL.into_iter().for_each(Place::delete);
}

/// Forgets the token that this tab does not share with others.
pub fn forget_own() {
    Place::Memory.delete();
    Place::Tab.delete();
}

/// Forgets what was kept under another setting.
pub fn tidy() {
    Place::ALL.into_iter().filter(|place| !places().contains(place)).for_each(Place::delete);
}

/// Returns whether a token could be kept. Asked before a password is sent, so that a new session is not lost.
#[must_use]
pub fn works(keep: Keep) -> bool {
    const PROBE: &str = "handstamp.probe";
    place(keep) == Place::Memory
        || place(keep).storage().is_some_and(|storage| {
            let kept = storage.set_item(PROBE, PROBE);
            // Fails only if the storage does, and that is the question.
            let _ = storage.remove_item(PROBE);
            kept.is_ok()
        })
}

/// None if the browser denies it: gloo-storage would panic.
pub fn local_storage() -> Option<Storage> {
    window().local_storage().ok()?.map(|_| LocalStorage::raw())
}

fn find() -> (Stored, Option<String>) {
    let mut found = (Stored::Nothing, None);
    for place in places() {
        found = place.get();
        if !matches!(found.0, Stored::Nothing | Stored::Refused) {
            break;
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Local,
    Session,
    Memory,
}

fn mode() -> Mode {
    match attribute("data-token-storage").as_deref() {
        Some("session") => Mode::Session,
        Some("memory") => Mode::Memory,
        _ => Mode::Local,
    }
}

/// The places where a token may be, this tab's own first.
fn places() -> &'static [Place] {
    match mode() {
        Mode::Local => &[Place::Tab, Place::Device],
        Mode::Session => &[Place::Tab],
        Mode::Memory => &[Place::Memory],
    }
}

/// The place for a new token.
fn place(keep: Keep) -> Place {
    match (mode(), keep) {
        (Mode::Local, Keep::OnThisDevice) => Place::Device,
        (Mode::Local | Mode::Session, _) => Place::Tab,
        (Mode::Memory, _) => Place::Memory,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Device,
    Tab,
    Memory,
}

thread_local! {
    static IN_MEMORY: RefCell<Option<String>> = const { RefCell::new(None) };
}

impl Place {
    const ALL: [Self; 3] = [Self::Memory, Self::Tab, Self::Device];

    /// None if the browser denies it: gloo-storage would panic.
    fn storage(self) -> Option<Storage> {
        match self {
            Self::Device => local_storage(),
            Self::Tab => window().session_storage().ok()?.map(|_| SessionStorage::raw()),
            Self::Memory => None,
        }
    }

    fn get(self) -> (Stored, Option<String>) {
        let kept = if self == Self::Memory {
            IN_MEMORY.with_borrow(Clone::clone)
        } else {
            match self.storage().map(|storage| storage.get_item(KEY)) {
                Some(Ok(kept)) => kept.map(|kept| unquoted(&kept).unwrap_or_default().to_owned()),
                _ => return (Stored::Refused, None),
            }
        };
        match kept {
            None => (Stored::Nothing, None),
            Some(token) if may_be_sent(&token) => (Stored::Token, Some(token)),
            Some(_) => (Stored::Damaged, None),
        }
    }

    fn set(self, token: &str) -> Result<(), StorageRefused> {
        if self == Self::Memory {
            IN_MEMORY.set(Some(token.to_owned()));
            return Ok(());
        }
        let storage = self.storage().ok_or(StorageRefused)?;
        storage.set_item(KEY, &["\"", token, "\""].concat()).map_err(|_| StorageRefused)
    }

    fn delete(self) {
        if self == Self::Memory {
            IN_MEMORY.set(None);
        } else if let Some(storage) = self.storage() {
            // Fails only if there is nothing to remove.
            let _ = storage.remove_item(KEY);
        }
    }
}

/// Stored as gloo-storage stores a text: as JSON. No character of a token needs an escape there.
fn unquoted(kept: &str) -> Option<&str> {
    kept.strip_prefix('"')?.strip_suffix('"')
}

/// A header value with any other character would make the whole program panic in the browser.
fn may_be_sent(token: &str) -> bool {
    !token.is_empty()
        && token.len() <= 4096
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}
