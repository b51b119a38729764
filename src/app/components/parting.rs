//! The dashboard without its greeting: what happened, what it means, what to do. Holds nothing of who was here.

use leptos::either::Either;
use leptos::prelude::*;

use crate::api_types::ApiError;
use crate::app::components::Imprint;
use crate::app::components::dom::HEADING;
use crate::app::components::local_time::LocalTime;
use crate::app::components::sentences::{SOMETHING_WENT_WRONG, sentence};
use crate::app::signed_in::Why;

/// Nobody is signed in, or the greeting of somebody who is did not arrive.
#[component]
pub fn Parting(
    why: Result<Why, ApiError>,
    /// When the stamp ends, in Unix seconds, where this page has seen it.
    valid_until: Option<i64>,
    /// Asks for the greeting once more.
    again: impl Fn() + Send + 'static,
) -> impl IntoView {
    let (heading, words, had_stamp) = match why {
        Ok(why) => about(why),
        Err(ApiError::Unreachable) => (NO_GREETING, sentence(ApiError::Unreachable), false),
        Err(_) => (NO_GREETING, SOMETHING_WENT_WRONG, false),
    };
    let until = match (why, valid_until) {
        (Ok(Why::SignedOutUnconfirmed), Some(until)) => LocalTime::of(until).clock() + ".",
        (Ok(Why::SignedOutUnconfirmed), None) => "it expires.".to_owned(),
        _ => String::new(),
    };
    let imprint = had_stamp.then(|| {
        view! {
            <div class="parting__imprint">
                <Imprint words="Signed out · Signed out · Signed out" label="Void stamp" void=true/>
            </div>
        }
    });
    let way = if why.is_ok() {
        Either::Left(view! { <a class="button button--ink" href="/login">"Sign in"</a> })
    } else {
        Either::Right(view! {
            <button class="button button--ink" type="button" on:click=move |_| again()>"Try again"</button>
        })
    };
    view! {
        <div class="parting">
            {imprint}
            <h1 id=HEADING tabindex="-1">{heading}</h1>
            <p class="lead">{words}{until}</p>
            {way}
        </div>
    }
}

const NO_GREETING: &str = "Your greeting did not arrive.";

/// Heading, sentence, and whether there was a stamp to cross out.
const fn about(why: Why) -> (&'static str, &'static str, bool) {
    match why {
        Why::NoToken => ("You are not signed in.", "Sign in to see your dashboard.", false),
        Why::SignedOut => ("You are signed out.", "This stamp no longer opens anything.", true),
        Why::SignedOutUnconfirmed => {
            ("You are signed out here.", "The server did not confirm it. The stamp may work until ", true)
        }
        Why::SignedOutInAnotherTab => {
            ("You are signed out.", "You signed out in another tab. This stamp no longer opens anything.", true)
        }
        Why::Expired => ("Your stamp has expired.", "Sign in to get a new one.", true),
        Why::Revoked => ("You were signed out.", "This session was ended. Sign in to get a new stamp.", true),
        Why::NotValid | Why::Damaged => (
            "This stamp is not valid.",
            "What this browser kept is not a stamp of this server. Sign in to get a new one.",
            false,
        ),
        Why::StorageRefused => {
            ("This browser keeps no stamp.", "Allow storage for this site, or leave private mode, then sign in.", false)
        }
    }
}
