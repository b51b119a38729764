//! Signing out: here at once, and at the server as soon as it answers.
//!
//! Until it has, the marker says that the cookie does not count, so that nothing signs in again by it: not another tab, not
//! the next page. That one tells the server then, with the cookie.

use futures::future::join;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::ApiError;
use crate::app::joint::{Joint, Question};
use crate::app::server_fns::logout;
use crate::app::session::is_over;
use crate::app::session_marker::{SIGNED_OUT, marker, unmark};
use crate::app::signed_in::{SignedIn, Why, set, sign_out, signed_in};

thread_local! {
    static CALL: Joint = const { Joint::new() };
}

/// Forgets the token at once; what the server answers changes no more than the words.
pub fn leave() {
    // One of an earlier session may still be under way.
    give_up();
    // Polled in this order: the call takes the token along, which is then forgotten.
    tell(Box::pin(async { join(logout(), async { sign_out(Why::SigningOut) }).await.0 }));
}

/// A sign-out that had not reached the server is brought to it now.
pub fn confirm() {
    if marker().as_deref() == Some(SIGNED_OUT) {
        tell(Box::pin(logout()));
    }
}

/// Whoever signs in ends the last session with it. An answer that came later would take the new cookie back.
pub fn give_up() {
    if let Some(run) = CALL.with(Joint::under_way) {
        run.finish(Err(ApiError::Unreachable));
    }
}

fn tell(call: Question) {
    let run = CALL.with(|joint| joint.ask(call));
    spawn_local(async move {
        // An error about the token: the server knows it not, or not any more, and that too is signed out.
        let reached = run.outcome().await.map_or_else(is_over, |()| true);
        if reached && marker().as_deref() == Some(SIGNED_OUT) {
            unmark(true);
        }
        // Nothing is said where somebody has signed in meanwhile, or this page was opened signed out.
        let why = match untrack(signed_in) {
            SignedIn::Nobody(Why::SigningOut | Why::SignedOutUnconfirmed) if reached => Why::SignedOut,
            SignedIn::Nobody(Why::SigningOut) => Why::SignedOutUnconfirmed,
            _ => return,
        };
        set(SignedIn::Nobody(why));
    });
}
