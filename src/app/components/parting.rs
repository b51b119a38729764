//! What a protected page shows instead of its contents: what happened, what it means, what to do. It holds no user data.

use leptos::either::Either;
use leptos::prelude::*;

use crate::api_types::ApiError;
use crate::app::client::Why;
use crate::app::components::dom::{HEADING, WAY_ON, sign_in_address};
use crate::app::components::imprint::Imprint;
use crate::app::components::local_time::LocalTime;
use crate::app::components::sentences::{ENDED_FOR_SAFETY, MAY_HAVE_A_COPY, SOMETHING_WENT_WRONG, sentence};

/// Shows why no user is signed in, or that the contents of the page did not load.
#[component]
pub fn Parting(
    why: Result<Why, ApiError>,
    /// What the visitor must sign in for.
    sign_in_to: &'static str,
    /// The heading if it did not load.
    not_arrived: &'static str,
    /// When the stamp ends, in Unix seconds, if this page knows it.
    #[prop(optional_no_strip)]
    valid_until: Option<i64>,
    /// Asks for it again.
    again: impl Fn() + Send + 'static,
) -> impl IntoView {
    let (heading, words, had_stamp) = match why {
        Ok(Why::NoToken) => ("You are not signed in.", sign_in_to, false),
        Ok(why) => about(why),
        Err(ApiError::InsufficientScope) => (
            "This page is for administrators.",
            "You are not an administrator. If you should be, ask the operator of this server.",
            false,
        ),
        Err(ApiError::Unreachable) => (not_arrived, sentence(ApiError::Unreachable), false),
        Err(_) => (not_arrived, SOMETHING_WENT_WRONG, false),
    };
    let until = match (why, valid_until) {
        (Ok(Why::SignedOutUnconfirmed), Some(until)) => LocalTime::of(until).clock() + ".",
        (Ok(Why::SignedOutUnconfirmed), None) => "it expires.".to_owned(),
        _ => String::new(),
    };
    // A fast answer must not follow a flash of words about waiting for it.
    let lead = if why == Ok(Why::SigningOut) { "lead late" } else { "lead" };
    let imprint = had_stamp.then(|| {
        view! {
            <div class="parting__imprint">
                <Imprint words="Signed out · Signed out · Signed out" label="Void stamp" void=true/>
            </div>
        }
    });
    let link = |href: String, words: &'static str| {
        Either::Left(view! { <a class="button button--ink" id=WAY_ON href=href>{words}</a> })
    };
    let way = match why {
        Ok(Why::Deleted) => link("/".to_owned(), "Go to the start"),
        Ok(_) => link(sign_in_address(), "Sign in"),
        Err(ApiError::InsufficientScope) => link("/dashboard".to_owned(), "Go to your dashboard"),
        Err(_) => Either::Right(view! {
            <button class="button button--ink" id=WAY_ON type="button" on:click=move |_| again()>"Try again"</button>
        }),
    };
    view! {
        <div class="parting">
            {imprint}
            <h1 id=HEADING tabindex="-1">{heading}</h1>
            <p class=lead>{words}{until}</p>
            {way}
        </div>
    }
}

/// Returns the heading, the sentence, and whether there was a stamp to cross out.
const fn about(why: Why) -> (&'static str, &'static str, bool) {
    match why {
        Why::NoToken | Why::SignedOut => ("You are signed out.", "This stamp no longer opens anything.", true),
        Why::SigningOut => ("You are signed out.", "Waiting for the server to confirm.", true),
        Why::SignedOutUnconfirmed => {
            ("You are signed out here.", "The server did not confirm it. The stamp may work until ", true)
        }
        Why::SignedOutInAnotherTab => {
            ("You are signed out.", "You were signed out in another tab. This stamp no longer opens anything.", true)
        }
        Why::Expired => ("Your stamp has expired.", "Sign in to get a new one.", true),
        Why::Revoked => {
            ("You were signed out from another device.", "This session was ended. Sign in to get a new stamp.", true)
        }
        Why::Reused => (ENDED_FOR_SAFETY, MAY_HAVE_A_COPY, true),
        Why::Deleted => (
            "Your account is deleted.",
            "Your name, your password and your sessions are removed from this server. This stamp no longer opens anything.",
            true,
        ),
        Why::NotValid => (
            "This stamp is not valid.",
            "What this browser kept is not a stamp of this server. Sign in to get a new one.",
            false,
        ),
        Why::StorageRefused => {
            ("This browser keeps no stamp.", "Allow storage for this site, or leave private mode, then sign in.", false)
        }
    }
}
