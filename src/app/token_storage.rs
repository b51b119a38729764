//! Where the browser keeps the access token: read, keep, forget.
//!
//! "Keep me signed in" chooses the place: `localStorage`, which all tabs share and which outlives the browser, or
//! `sessionStorage`, which ends with the tab. Nothing here panics: gloo-storage does where a browser denies storage,
//! so every access asks first.

use gloo_storage::{LocalStorage, SessionStorage, Storage};
use leptos::prelude::window;

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
    if !keep.allowed() {
        return false;
    }
    let kept = match keep {
        Keep::OnThisDevice => LocalStorage::set(PROBE, PROBE),
        Keep::InThisTab => SessionStorage::set(PROBE, PROBE),
    };
    match keep {
        Keep::OnThisDevice => LocalStorage::delete(PROBE),
        Keep::InThisTab => SessionStorage::delete(PROBE),
    }
    kept.is_ok()
}

use Keep as Place;

impl Place {
    /// gloo-storage panics where this is false.
    fn allowed(self) -> bool {
        let storage = match self {
            Self::OnThisDevice => window().local_storage(),
            Self::InThisTab => window().session_storage(),
        };
        matches!(storage, Ok(Some(_)))
    }

    fn get(self) -> Stored {
        if !self.allowed() {
            return Stored::Refused;
        }
        let kept: gloo_storage::Result<String> = match self {
            Self::OnThisDevice => LocalStorage::get(KEY),
            Self::InThisTab => SessionStorage::get(KEY),
        };
        match kept {
            Ok(token) if may_be_sent(&token) => Stored::Token(token),
            Err(gloo_storage::errors::StorageError::KeyNotFound(_)) => Stored::Nothing,
            Ok(_) | Err(_) => Stored::Damaged,
        }
    }

    fn set(self, token: &str) -> Result<(), StorageRefused> {
        if !self.allowed() {
            return Err(StorageRefused);
        }
        match self {
            Self::OnThisDevice => LocalStorage::set(KEY, token),
            Self::InThisTab => SessionStorage::set(KEY, token),
        }
        .map_err(|_| StorageRefused)
    }

    fn delete(self) {
        if self.allowed() {
            match self {
                Self::OnThisDevice => LocalStorage::delete(KEY),
                Self::InThisTab => SessionStorage::delete(KEY),
            }
        }
    }
}

/// A header value with any other character would panic the whole program in the browser.
fn may_be_sent(token: &str) -> bool {
    !token.is_empty()
        && token.len() <= 4096
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}
