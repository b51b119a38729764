//! Where the browser keeps the access token: read, keep, forget.
//!
//! "Keep me signed in" chooses the place: `localStorage`, which all tabs share and which outlives the browser, or
//! `sessionStorage`, which ends with the tab. Nothing here panics: gloo-storage does where a browser denies storage,
//! so every access asks first.

use gloo_storage::{LocalStorage, SessionStorage, Storage as _};
use leptos::prelude::window;
use web_sys::Storage;

/// The key in both storages. The head script of `app/shell.rs` reads it too, before the first paint.
pub const KEY: &str = "handstamp.access_token";

/// How long the browser should keep a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Over a restart of the browser, for all tabs.
    OnThisDevice,
    /// As long as this tab is open.
    InThisTab,
}

/// The browser denies storage, or it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageRefused;

/// What was found in the browser.
#[derive(Clone, PartialEq, Eq)]
pub enum Stored {
    Token(String),
    Nothing,
    /// Something is there that no server ever issued: edited by hand, or cut off.
    Damaged,
    Refused,
}

/// The token kept in this browser. This tab's own comes first.
#[must_use]
pub fn read() -> Stored {
    match Place::InThisTab.get() {
        Stored::Nothing | Stored::Refused => Place::OnThisDevice.get(),
        found => found,
    }
}

/// The token, where there is one that may be sent.
#[must_use]
pub fn token() -> Option<String> {
    match read() {
        Stored::Token(token) => Some(token),
        Stored::Nothing | Stored::Damaged | Stored::Refused => None,
    }
}

/// Keeps a token in exactly one place.
///
/// # Errors
/// [`StorageRefused`] where the browser denies storage or it is full; then no token is kept anywhere.
pub fn keep(token: &str, keep: Keep) -> Result<(), StorageRefused> {
    forget();
    keep.set(token)
}

/// Forgets the token, wherever it is.
pub fn forget() {
    Place::InThisTab.delete();
    Place::OnThisDevice.delete();
}

/// Whether a token could be kept: asked before a password is sent, so that no sign-in is lost on the way back.
#[must_use]
pub fn works(keep: Keep) -> bool {
    const PROBE: &str = "handstamp.probe";
    keep.storage().is_some_and(|storage| {
        let kept = storage.set_item(PROBE, PROBE);
        // Fails only where storage does, which is what is asked.
        let _ = storage.remove_item(PROBE);
        kept.is_ok()
    })
}

use Keep as Place;

impl Place {
    /// None where the browser denies it: gloo-storage would panic.
    fn storage(self) -> Option<Storage> {
        match self {
            Self::OnThisDevice => window().local_storage().ok()?.map(|_| LocalStorage::raw()),
            Self::InThisTab => window().session_storage().ok()?.map(|_| SessionStorage::raw()),
        }
    }

    fn get(self) -> Stored {
        let Some(storage) = self.storage() else { return Stored::Refused };
        match storage.get_item(KEY) {
            Ok(None) => Stored::Nothing,
            Ok(Some(kept)) => match unquoted(&kept) {
                Some(token) if may_be_sent(token) => Stored::Token(token.to_owned()),
                _ => Stored::Damaged,
            },
            Err(_) => Stored::Refused,
        }
    }

    fn set(self, token: &str) -> Result<(), StorageRefused> {
        let storage = self.storage().ok_or(StorageRefused)?;
        storage.set_item(KEY, &["\"", token, "\""].concat()).map_err(|_| StorageRefused)
    }

    fn delete(self) {
        if let Some(storage) = self.storage() {
            // Fails only where there is nothing to forget.
            let _ = storage.remove_item(KEY);
        }
    }
}

/// Kept as gloo-storage keeps a text: as JSON. No letter of a token needs to be escaped in it.
fn unquoted(kept: &str) -> Option<&str> {
    kept.strip_prefix('"')?.strip_suffix('"')
}

/// A header value with any other character would panic the whole program in the browser.
fn may_be_sent(token: &str) -> bool {
    !token.is_empty()
        && token.len() <= 4096
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}
