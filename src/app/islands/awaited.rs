//! What an island shows that asks the server for something: awaited, there, or not, and why not.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::ApiError;
use crate::app::client::{SignedIn, Why, signed_in};
use crate::app::components::{HEADING, WAY_ON, focus, has_focus};

/// What is shown. What is protected is in the document only while it is [`Page::There`].
#[derive(Clone)]
pub enum Page<T> {
    Awaited {
        first: bool,
    },
    There(T),
    /// Nobody is signed in, or it did not come; and when the stamp ends that was shown here last.
    Without(Result<Why, ApiError>, Option<i64>),
}

/// As the server renders it.
pub fn first<T: Send + Sync + 'static>() -> RwSignal<Page<T>> {
    RwSignal::new(Page::Awaited { first: true })
}

/// Asks for it whenever a user signs in, and takes it away when nobody is signed in any more.
pub fn follow<T, F>(page: RwSignal<Page<T>>, fetch: fn() -> F)
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, ApiError>> + 'static,
{
    Effect::new(move || match signed_in() {
        SignedIn::Unknown => {}
        SignedIn::Nobody(why) => turn(page, Page::Without(Ok(why), None)),
        somebody @ SignedIn::Somebody(_) => ask(page, somebody, fetch),
    });
}

/// Asks for it anew, for this user.
pub fn ask<T, F>(page: RwSignal<Page<T>>, somebody: SignedIn, fetch: impl FnOnce() -> F + 'static)
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, ApiError>>,
{
    turn(page, Page::Awaited { first: false });
    spawn_local(async move {
        let answer = fetch().await;
        // The user has signed out, or another has signed in, while the answer was on its way: it is not for them to see.
        if untrack(signed_in) == somebody {
            turn(page, answer.map_or_else(|error| Page::Without(Err(error), None), Page::There));
        }
    });
}

/// Shows this page. From the second one on, the focus would be lost with what was there: it goes to the new heading. It
/// stays on the way on if it is there already, and there is only more to say about why nobody is signed in.
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
