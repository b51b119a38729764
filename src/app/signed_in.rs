//! Who is signed in, as far as this page knows: one store that every island reads.
//!
//! It starts as [`SignedIn::Unknown`] on the server and in the browser, so that the first paint is the same on both;
//! [`watch`] finds out. The same is written to `<html data-signed-in>`, by which the style sheet shows the right
//! header. Nothing here is a permission: the server checks every call.

use std::sync::LazyLock;

use leptos::{ev, prelude::*};

use crate::api_types::ApiError;
use crate::app::token_storage::{self, Keep, StorageRefused, Stored};

/// What this page knows about its visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedIn {
    /// Not yet looked.
    Unknown,
    Nobody(Why),
    /// There is a token. The number changes with the token, so that a page fetches anew when another tab signs in as
    /// somebody else.
    Somebody(u32),
}

/// Why nobody is signed in. The words are the page's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// This browser holds no token.
    NoToken,
    /// Signed out on this page.
    SignedOut,
    /// Signed out on this page, but the server did not confirm: the token works until it expires.
    SignedOutUnconfirmed,
    /// Another tab signed out.
    SignedOutInAnotherTab,
    Expired,
    /// The session was ended, from here or elsewhere.
    Revoked,
    /// The server says that this is none of its tokens.
    NotValid,
    /// What the browser kept was not a token.
    Damaged,
    StorageRefused,
}

static STORE: LazyLock<ArcRwSignal<SignedIn>> = LazyLock::new(|| ArcRwSignal::new(SignedIn::Unknown));

/// The store; reading it inside an effect or a view follows it.
#[must_use]
pub fn signed_in() -> SignedIn {
    STORE.get()
}

/// Looks once, then follows the other tabs. Called when the program starts.
pub fn watch() {
    look(Why::NoToken);
    let storage = window_event_listener(ev::storage, |event| {
        // No key: everything was cleared.
        if event.key().is_none_or(|key| key == token_storage::KEY) {
            look(Why::SignedOutInAnotherTab);
        }
    });
    let pageshow = window_event_listener(ev::pageshow, |event| {
        // The Back button brought a page out of the browser's memory, as it was: look again.
        if event.persisted() {
            look(Why::SignedOutInAnotherTab);
        }
    });
    // Both listen as long as the page lives.
    std::mem::forget((storage, pageshow));
}

/// Keeps a fresh token and tells every island.
///
/// # Errors
/// [`StorageRefused`] where the browser keeps nothing; then nobody is signed in here.
pub fn sign_in(token: &str, keep: Keep) -> Result<(), StorageRefused> {
    let kept = token_storage::keep(token, keep);
    look(Why::StorageRefused);
    kept
}

/// Forgets the token and tells every island, and through storage every other tab.
pub fn sign_out(why: Why) {
    token_storage::forget();
    set(SignedIn::Nobody(why));
}

/// What an error of a protected call says about the visitor; signs out here where the token is dead.
pub fn heed(error: ApiError) {
    match error {
        ApiError::TokenExpired => sign_out(Why::Expired),
        ApiError::TokenRevoked => sign_out(Why::Revoked),
        ApiError::InvalidToken | ApiError::BadAuthorizationHeader => sign_out(Why::NotValid),
        ApiError::MissingToken => sign_out(Why::NoToken),
        _ => {}
    }
}

fn look(why_not: Why) {
    let before = STORE.get_untracked();
    match token_storage::read() {
        Stored::Token(_) => set(SignedIn::Somebody(match before {
            SignedIn::Somebody(number) => number.wrapping_add(1),
            SignedIn::Unknown | SignedIn::Nobody(_) => 0,
        })),
        // Whoever was not signed in before has nothing to be told.
        Stored::Nothing if matches!(before, SignedIn::Nobody(_)) => {}
        Stored::Nothing => set(SignedIn::Nobody(why_not)),
        Stored::Damaged => sign_out(Why::Damaged),
        Stored::Refused => set(SignedIn::Nobody(Why::StorageRefused)),
    }
}

fn set(signed_in: SignedIn) {
    STORE.set(signed_in);
    if let Some(html) = document().document_element() {
        let value = if matches!(signed_in, SignedIn::Somebody(_)) { "yes" } else { "no" };
        // Cannot fail: the name is a valid attribute name.
        let _ = html.set_attribute("data-signed-in", value);
    }
}
