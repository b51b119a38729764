//! The dashboard, alive: the greeting while somebody is signed in, and what to say when nobody is, or not any more.
//!
//! What is protected is in the document only while [`Page::Greeted`] is.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::{ApiError, GreetingAnswer};
use crate::app::components::{Greeted, GreetingAwaited, HEADING, Later, Parting, focus, valid_until};
use crate::app::server_fns;
use crate::app::signed_in::{SignedIn, Why, heed, sign_out, signed_in};

#[derive(Clone)]
enum Page {
    Awaited {
        first: bool,
    },
    Greeted(GreetingAnswer),
    /// Nobody is signed in, or the greeting did not come; and when the stamp ends that was shown here last.
    Without(Result<Why, ApiError>, Option<i64>),
}

#[island]
pub fn Greeting() -> impl IntoView {
    let page = RwSignal::new(Page::Awaited { first: true });
    Effect::new(move || match signed_in() {
        SignedIn::Unknown => {}
        SignedIn::Nobody(why) => {
            let valid_until = match &*page.read_untracked() {
                Page::Greeted(answer) => Some(valid_until(answer)),
                Page::Awaited { .. } | Page::Without(..) => None,
            };
            turn(page, Page::Without(Ok(why), valid_until));
        }
        somebody @ SignedIn::Somebody(_) => ask(page, somebody),
    });
    move || match page.get() {
        Page::Awaited { .. } => EitherOf3::A(view! { <GreetingAwaited/> }),
        Page::Greeted(answer) => EitherOf3::B(Later(view! { <Greeted answer expired=|| sign_out(Why::Expired)/> })),
        Page::Without(why, valid_until) => EitherOf3::C(Later(view! {
            <Parting why valid_until again=move || ask(page, untrack(signed_in))/>
        })),
    }
}

fn ask(page: RwSignal<Page>, somebody: SignedIn) {
    turn(page, Page::Awaited { first: false });
    spawn_local(async move {
        let answer = server_fns::greeting().await;
        if let Err(error) = answer {
            heed(error);
        }
        // Signed out, or somebody else, while the answer was on its way: not theirs to see.
        if untrack(signed_in) == somebody {
            turn(page, answer.map_or_else(|error| Page::Without(Err(error), None), Page::Greeted));
        }
    });
}

/// From the second page on, the focus would be lost with what was there: it goes to the new heading.
fn turn(page: RwSignal<Page>, new: Page) {
    let first = matches!(*page.read_untracked(), Page::Awaited { first: true });
    if !(first && matches!(new, Page::Awaited { .. })) {
        page.set(new);
    }
    if !first {
        focus(HEADING);
    }
}
