//! The dashboard's island: the greeting while a user is signed in, otherwise why none is.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::app::client::{SignedIn, greet, seconds_left, signed_in, token, valid_until};
use crate::app::components::{Greeted, GreetingAwaited, Later, Parting, StampEnd};
use crate::app::islands::awaited::{Page, ask, first, turn};

#[island(lazy)]
pub fn Greeting() -> impl IntoView {
    let page = first();
    Effect::new(move || match signed_in() {
        SignedIn::Unknown => {}
        SignedIn::No(why) => {
            let valid_until = match &*page.read_untracked() {
                Page::There(_) => valid_until(),
                // About the same sign-out, with more to say.
                Page::Without(_, until) => *until,
                Page::Awaited { .. } => None,
            };
            turn(page, Page::Without(Ok(why), valid_until));
        }
        user @ SignedIn::Yes(_) => ask(page, user, greet),
    });
    move || match page.get() {
        Page::Awaited { .. } => EitherOf3::A(view! { <GreetingAwaited/> }),
        Page::There(answer) => {
            EitherOf3::B(Later(view! { <Greeted answer end=StampEnd { seconds_left, valid_until } token/> }))
        }
        Page::Without(why, valid_until) => EitherOf3::C(Later(view! {
            <Parting
                why
                sign_in_to="Sign in to see your dashboard."
                not_arrived="Your greeting did not arrive."
                valid_until
                again=move || ask(page, untrack(signed_in), greet)
            />
        })),
    }
}
