//! How a page finds out who is signed in, and hears when that changes: at its start, from other tabs, and whenever somebody
//! comes back to it.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use js_sys::Date;
use leptos::task::spawn_local;
use leptos::{ev, prelude::*};

use crate::api_types::ApiError;
use crate::app::session::{greet, is_over, reason};
use crate::app::session_marker::{MARKER, SIGNED_OUT, mark_as, mark_if_unmarked, marker};
use crate::app::signed_in::{SignedIn, Why, another, name, next_session, set, sign_out, signed_in};
use crate::app::token_storage::{self, Stored};
use crate::app::{renewal, sign_in_again, signing_out};

/// Whoever comes back to a page asks the server at most this often, in milliseconds.
const LOOK_EVERY: f64 = 1000.0;

/// How often it is noticed that the computer slept.
const WAKE_EVERY: Duration = Duration::from_secs(5);

thread_local! {
    /// The marker when it was last looked at.
    static SEEN: RefCell<Option<String>> = const { RefCell::new(None) };
    static LOOKED: Cell<f64> = const { Cell::new(f64::NEG_INFINITY) };
    /// Whether another look is due when the time between two is over.
    static DUE: Cell<bool> = const { Cell::new(false) };
    /// How far the browser's two clocks were apart.
    static APART: Cell<f64> = const { Cell::new(f64::NAN) };
}

/// Looks once, then follows. Called when the program starts.
pub fn watch() {
    token_storage::tidy();
    start();
    let storage = window_event_listener(ev::storage, |event| match event.key().as_deref() {
        // No key: everything was cleared.
        None => put_back(),
        Some(MARKER) => follow(),
        Some(token_storage::KEY) if event.new_value().is_some() => renewal::was_done_elsewhere(),
        Some(_) => {}
    });
    let pageshow = window_event_listener(ev::pageshow, |event| {
        // The Back button brought a page out of the browser's memory, as it was.
        if event.persisted() {
            follow();
        }
    });
    let back = ["focus", "online", "visibilitychange"].map(|event| window_event_listener_untyped(event, |_| look()));
    // Fails only where there is no window.
    let _ = set_interval_with_handle(wake, WAKE_EVERY);
    // All listen as long as the page lives.
    std::mem::forget((storage, pageshow, back));
}

/// What the browser keeps decides whether the server is asked; only the server knows.
fn start() {
    SEEN.set(marker());
    let unknown = match token_storage::read() {
        Stored::Refused => return set(SignedIn::Nobody(Why::StorageRefused)),
        Stored::Token(_) => {
            mark_if_unmarked();
            SEEN.set(marker());
            return another();
        }
        Stored::Nothing => ApiError::MissingToken,
        Stored::Damaged => ApiError::InvalidToken,
    };
    token_storage::forget();
    if marker().as_deref() == Some(SIGNED_OUT) {
        set(SignedIn::Nobody(Why::NoToken));
        confirm_sign_out();
    } else if marker().is_some() || (unknown == ApiError::MissingToken && server_says_somebody()) {
        spawn_local(find_out(unknown));
    } else {
        set(SignedIn::Nobody(reason(unknown, unknown)));
    }
}

/// There may be a session without a token here: the page was opened in a new tab, or the form was sent without the program.
async fn find_out(unknown: ApiError) {
    let found = renewal::renew().await;
    if untrack(signed_in) == SignedIn::Unknown {
        match found {
            Err(error) if is_over(error) => sign_out(reason(unknown, error)),
            // No answer signs nobody out: whatever needs a token asks again.
            _ => another(),
        }
        SEEN.set(marker());
    }
}

/// A sign-out that had not reached the server is brought to it now. Where it has seen no session, there is none to end.
fn confirm_sign_out() {
    if server_says_somebody() || untrack(signed_in) == SignedIn::Nobody(Why::SignedOutUnconfirmed) {
        signing_out::confirm();
    }
}

/// Another tab has signed in or out, or may have.
fn follow() {
    let now = marker();
    if SEEN.replace(now.clone()) == now {
        return look();
    }
    match (now.as_deref(), untrack(signed_in)) {
        (None | Some(SIGNED_OUT), SignedIn::Nobody(_)) => {}
        (None | Some(SIGNED_OUT), _) => {
            token_storage::forget();
            set(SignedIn::Nobody(Why::SignedOutInAnotherTab));
        }
        (Some(_), SignedIn::Somebody(_)) if name().is_some() => {
            token_storage::forget_own();
            next_session();
            spawn_local(find_out_whose());
        }
        _ => {
            token_storage::forget_own();
            another();
        }
    }
}

/// Another tab has begun another session, and the server says whose. Of the same somebody, it stirs no island: what is typed
/// there stays.
async fn find_out_whose() {
    let before = untrack(signed_in);
    let answer = greet().await;
    // Somebody else, as `greet` has noticed; or nobody.
    if untrack(signed_in) != before {
        return;
    }
    match answer {
        Ok(_) => sign_in_again::was_done_elsewhere(),
        // Nobody knows whose it is, and what stands here may not be theirs to see.
        Err(_) => another(),
    }
}

/// Whoever clears what a browser keeps signs nobody out: the session goes on by its cookie, which no script reaches.
fn put_back() {
    if let (SignedIn::Somebody(_), Some(seen)) = (untrack(signed_in), SEEN.with_borrow(Clone::clone)) {
        mark_as(&seen);
        look();
    }
}

/// Somebody has come back to this page, or the network has: their session may have ended meanwhile.
fn look() {
    if !matches!(untrack(signed_in), SignedIn::Somebody(_)) {
        return confirm_sign_out();
    }
    if document().hidden() || sign_in_again::is_open() {
        return;
    }
    let wait = LOOKED.get() + LOOK_EVERY - renewal::now();
    if wait > 0.0 {
        return look_in(wait);
    }
    LOOKED.set(renewal::now());
    // What is to be said is said by `greet`.
    spawn_local(async { _ = greet().await });
}

/// The session may have ended since the last look, so one more makes up for all that came too soon after it.
fn look_in(milliseconds: f64) {
    if DUE.replace(true) {
        return;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a second at most")]
    let wait = Duration::from_millis(milliseconds.ceil() as u64);
    let again = || {
        DUE.set(false);
        look();
    };
    set_timeout(again, wait);
}

/// The clock that nobody can set may stand still while the computer sleeps, and the time left with it. The other one tells of
/// it, right or wrong, as it has gone on; where somebody has set it, the server is asked once too often.
fn wake() {
    let apart = Date::now() - renewal::now();
    if (apart - APART.replace(apart)).abs() > LOOK_EVERY {
        look();
    }
}

/// The server has seen the cookie of a session that has not ended: so it wrote, and the head script kept it.
fn server_says_somebody() -> bool {
    document().document_element().and_then(|html| html.get_attribute("data-server-says")).as_deref() == Some("yes")
}
