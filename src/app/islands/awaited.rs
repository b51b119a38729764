//! What an island shows that asks the server for something: waiting, the answer, or why there is none.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::ApiError;
use crate::app::client::{SignedIn, Why, signed_in};
use crate::app::components::{HEADING, WAY_ON, focus, has_focus};

/// What is shown. Protected data is in the document only while it is [`Page::There`].
#[derive(Clone)]
pub enum Page<T> {
    Awaited {
        first: bool,
    },
    There(T),
    /// No user is signed in, or the answer did not come; with the end of the stamp that was shown here last.
    Without(Result<Why, ApiError>, Option<i64>),
}

/// As the server renders it.
pub fn first<T: Send + Sync + 'static>() -> RwSignal<Page<T>> {
    RwSignal::new(Page::Awaited { first: true })
}

/// Asks when a user signs in, and removes the answer when no user is signed in any more.
pub fn follow<T, F>(page: RwSignal<Page<T>>, fetch: fn() -> F)
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, ApiError>> + 'static,
{
    Effect::new(move || match signed_in() {
        SignedIn::Unknown => {}
        SignedIn::No(why) => turn(page, Page::Without(Ok(why), None)),
        user @ SignedIn::Yes(_) => ask(page, user, fetch),
    });
}

/// Asks again, for a user.
pub fn ask<T, F>(page: RwSignal<Page<T>>, user: SignedIn, fetch: impl FnOnce() -> F + 'static)
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, ApiError>>,
{
    turn(page, Page::Awaited { first: false });
    spawn_local(async move {
        let answer = fetch().await;
        // The user has signed out while the server was answering, or another one has signed in: they must not see it.
        if untrack(signed_in) == user {
            turn(page, answer.map_or_else(|error| Page::Without(Err(error), None), Page::There));
        }
    });
}

/// After the first page the focus would be lost with the removed contents, so it goes to the new heading. It stays if the
/// user has already gone to the way on, while the page got more to say about the same sign-out.
pub fn turn<T: Send + Sync + 'static>(page: RwSignal<Page<T>>, new: Page<T>) {
    let first = matches!(*page.read_untracked(), Page::Awaited { first: true });
    let place = if matches!(new, Page::Without(..)) && has_focus(WAY_ON) { WAY_ON } else { HEADING };
    if !(first && matches!(new, Page::Awaited { .. })) {
        page.set(new);
    }
    if !first {
        focus(place);
    }
}
