//! Who is signed in, as far as this page knows: one store that every island reads.
//!
//! It starts as [`SignedIn::Unknown`] on the server and in the browser, so that the first paint is the same on both;
//! `watch.rs` finds out. The same is written to `<html data-signed-in>`, by which the style sheet shows the right header.
//! Nothing here is a permission: the server checks every call.

use std::cell::{Cell, RefCell};
use std::sync::LazyLock;

use leptos::prelude::*;

use crate::api_types::{GreetingAnswer, SignedInAnswer};
use crate::app::token_storage::{self, Keep, StorageRefused};
use crate::app::{renewal, session_marker};

/// What this page knows about its visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedIn {
    /// Not yet known.
    Unknown,
    Nobody(Why),
    /// There is a session. The number changes with whose it is, so that a page fetches anew when another tab signs in as
    /// somebody else.
    Somebody(u32),
}

/// Why nobody is signed in. The words are the page's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// This browser holds no session.
    NoToken,
    /// Signed out on this page; the server is being told.
    SigningOut,
    /// Signed out on this page.
    SignedOut,
    /// Signed out on this page, but the server did not confirm: the token works until it expires.
    SignedOutUnconfirmed,
    /// Another tab signed out.
    SignedOutInAnotherTab,
    Expired,
    /// The session was ended, from here or elsewhere.
    Revoked,
    /// The server ended the session, as an old refresh token came back.
    Reused,
    /// The account was deleted on this page.
    Deleted,
    /// What the browser kept is none of the server's tokens.
    NotValid,
    StorageRefused,
}

static STORE: LazyLock<ArcRwSignal<SignedIn>> = LazyLock::new(|| ArcRwSignal::new(SignedIn::Unknown));

thread_local! {
    /// As the server last named whoever is signed in.
    static NAME: RefCell<Option<String>> = const { RefCell::new(None) };
    /// How many sessions have begun while this page was open. One and the same somebody may begin another.
    static SESSIONS: Cell<u32> = const { Cell::new(0) };
}

/// The store; reading it inside an effect or a view follows it.
#[must_use]
pub fn signed_in() -> SignedIn {
    STORE.get()
}

/// Keeps the token of a new session and tells every island and every other tab.
///
/// # Errors
/// [`StorageRefused`] where the browser keeps nothing; then nobody is signed in here.
pub fn sign_in(answer: &SignedInAnswer, keep: Keep) -> Result<(), StorageRefused> {
    begin(answer, keep)?;
    another();
    Ok(())
}

/// The same somebody as before has typed the password again: no island stirs.
///
/// # Errors
/// [`StorageRefused`], as [`sign_in`].
pub fn sign_in_again(answer: &SignedInAnswer, keep: Keep) -> Result<(), StorageRefused> {
    begin(answer, keep)
}

/// Forgets the token and tells every island and every other tab.
pub fn sign_out(why: Why) {
    token_storage::forget();
    session_marker::unmark(!matches!(why, Why::SigningOut | Why::SignedOutUnconfirmed));
    set(SignedIn::Nobody(why));
}

/// Who is signed in, and in which of their sessions.
#[must_use]
pub fn this_session() -> (SignedIn, u32) {
    (STORE.get_untracked(), SESSIONS.get())
}

/// Another session has begun, of whoever it is: no island stirs.
pub fn next_session() {
    SESSIONS.set(SESSIONS.get().wrapping_add(1));
}

/// Somebody is signed in who may be another than before.
pub fn another() {
    NAME.set(None);
    set(SignedIn::Somebody(match untrack(signed_in) {
        SignedIn::Somebody(number) => number.wrapping_add(1),
        SignedIn::Unknown | SignedIn::Nobody(_) => 0,
    }));
}

/// Writes down what was found out.
pub fn set(signed_in: SignedIn) {
    STORE.set(signed_in);
    mark_document("data-signed-in", matches!(signed_in, SignedIn::Somebody(_)));
}

/// The name of whoever is signed in, where the server has named them since.
#[must_use]
pub fn name() -> Option<String> {
    NAME.with_borrow(Clone::clone)
}

/// The server has told who is signed in. Another than before: this browser is somebody else's now.
pub fn is_named(answer: &GreetingAnswer) {
    if name().is_some_and(|before| before != answer.username) {
        another();
    }
    NAME.set(Some(answer.username.clone()));
    mark_document("data-admin", answer.roles.iter().any(|role| role == "admin"));
}

/// For the style sheet, which shows the right header.
fn mark_document(name: &str, is: bool) {
    if let Some(html) = document().document_element() {
        // Cannot fail: the name is a valid attribute name.
        let _ = html.set_attribute(name, if is { "yes" } else { "no" });
    }
}

fn begin(answer: &SignedInAnswer, keep: Keep) -> Result<(), StorageRefused> {
    let kept = token_storage::keep(&answer.access_token, keep);
    next_session();
    match kept {
        Ok(()) => renewal::lives(answer.expires_in),
        Err(StorageRefused) => sign_out(Why::StorageRefused),
    }
    kept
}
