//! What a protected page shows: that it waits, its contents, or why there are none. Its elements are those of
//! `components/contents.rs`.

use std::cell::Cell;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::ApiError;
use crate::app::client::{SignedIn, Why, signed_in};
use crate::app::components::{
    AWAITED, Asking, CONTENTS, HEADING, Piece, WAY_ON, focus, has_focus, in_browser, parting,
};

/// The contents of a page. Each page has one.
pub struct Contents<T: 'static> {
    /// Asks the server for them.
    pub get: fn() -> Asking<T>,
    /// Returns them, filled in.
    pub show: fn(T) -> Piece,
    /// Returns when the stamp ends, in Unix seconds, if the page shows that.
    pub stamp_ends: fn() -> Option<i64>,
}

/// What is shown. Protected data is in the document only while it is [`Shown::Contents`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// As the server rendered the page.
    First,
    Awaited,
    Contents,
    /// With the end of the stamp that was shown here last.
    Parting(Option<i64>),
}

thread_local! {
    static SHOWN: Cell<Shown> = const { Cell::new(Shown::First) };
}

impl<T> Clone for Contents<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Contents<T> {}

impl<T> Contents<T> {
    /// Asks when a user signs in, and removes the answer when no user is signed in any more.
    pub fn follow(self) {
        in_browser(move || match signed_in() {
            SignedIn::Unknown => {}
            SignedIn::No(why) => {
                let ends = match SHOWN.get() {
                    Shown::Contents => (self.stamp_ends)(),
                    // About the same sign-out, with more to say.
                    Shown::Parting(ends) => ends,
                    Shown::First | Shown::Awaited => None,
                };
                self.part(Ok(why), ends);
            }
            user @ SignedIn::Yes(_) => self.ask(user),
        });
    }

    fn ask(self, user: SignedIn) {
        turn(Shown::Awaited, None);
        spawn_local(async move {
            let answer = (self.get)().await;
            // The user has signed out while the server was answering, or another one has signed in: they must not see it.
            if untrack(signed_in) != user {
                return;
            }
            match answer {
                Ok(answer) => turn(Shown::Contents, Some((self.show)(answer))),
                Err(error) => self.part(Err(error), None),
            }
        });
    }

    fn part(self, why: Result<Why, ApiError>, ends: Option<i64>) {
        turn(Shown::Parting(ends), Some(parting(why, ends, move || self.ask(untrack(signed_in)))));
    }
}

/// After the first page the focus would be lost with the removed contents, so it goes to the new heading. It stays if the
/// user has already gone to the way on, while the page got more to say about the same sign-out.
fn turn(new: Shown, contents: Option<Piece>) {
    let first = SHOWN.get() == Shown::First;
    if first && new == Shown::Awaited {
        return;
    }
    let place = if matches!(new, Shown::Parting(_)) && has_focus(WAY_ON) { WAY_ON } else { HEADING };
    SHOWN.set(new);
    let contents = contents.unwrap_or_else(|| Piece::copy_of(AWAITED));
    Piece::with_id(CONTENTS).hold(&contents);
    if !first {
        focus(place);
    }
}
