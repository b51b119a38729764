//! What a protected page shows instead of its contents: what happened, what it means, what to do. It holds no user data.

use leptos::prelude::*;

use crate::api_types::ApiError;
use crate::app::client::Why;
use crate::app::components::dom::{HEADING, WAY_ON, sign_in_address};
use crate::app::components::imprint::Imprint;
use crate::app::components::local_time::LocalTime;
use crate::app::components::piece::Piece;
use crate::app::components::sentences::{ENDED_FOR_SAFETY, MAY_HAVE_A_COPY, SOMETHING_WENT_WRONG, sentence};

/// As for a visitor who has never been signed in.
#[component]
pub fn PartingTemplate(sign_in_to: &'static str, not_arrived: &'static str) -> impl IntoView {
    view! {
        <template id=PARTING>
            <div class="parting">
                <div class="parting__imprint" data-part="imprint">
                    <Imprint words="Signed out · Signed out · Signed out" label="Void stamp" void=true/>
                </div>
                <h1 id=HEADING tabindex="-1" data-part="heading" data-not-arrived=not_arrived>"You are not signed in."</h1>
                <p class="lead" data-part="words">{sign_in_to}</p>
                <a class="button button--ink" id=WAY_ON href="/login" data-part="link">"Sign in"</a>
                <button class="button button--ink" id=WAY_ON type="button" data-part="again">"Try again"</button>
            </div>
        </template>
    }
}

/// Returns why no user is signed in, or that the contents of the page did not load.
pub fn parting(
    why: Result<Why, ApiError>,
    // When the stamp ends, in Unix seconds, if this page knows it.
    valid_until: Option<i64>,
    // Asks for the contents again.
    again: impl Fn() + 'static,
) -> Piece {
    let parting = Piece::copy_of(PARTING);
    let heading = parting.part("heading");
    let not_arrived = heading.get("data-not-arrived");
    let (title, words, had_stamp) = match why {
        Ok(Why::NoToken) => ("", "", false),
        Ok(why) => about(why),
        Err(ApiError::InsufficientScope) => (
            "This page is for administrators.",
            "You are not an administrator. If you should be, ask the operator of this server.",
            false,
        ),
        Err(ApiError::Unreachable) => (not_arrived.as_str(), sentence(ApiError::Unreachable), false),
        Err(_) => (not_arrived.as_str(), SOMETHING_WENT_WRONG, false),
    };
    let until = match (why, valid_until) {
        (Ok(Why::SignedOutUnconfirmed), Some(until)) => LocalTime::of(until).clock() + ".",
        (Ok(Why::SignedOutUnconfirmed), None) => "it expires.".to_owned(),
        _ => String::new(),
    };
    let lead = parting.part("words");
    if !title.is_empty() {
        heading.say(title);
        lead.say(&[words, &until].concat());
    }
    // A fast answer must not follow a flash of words about waiting for it.
    if why == Ok(Why::SigningOut) {
        lead.set("class", "lead late");
    }
    if !had_stamp {
        parting.part("imprint").remove();
    }
    let (link, button) = (parting.part("link"), parting.part("again"));
    let go_to = |address: &str, words: &str| {
        link.set("href", address);
        link.say(words);
    };
    match why {
        Ok(Why::Deleted) => go_to("/", "Go to the start"),
        Ok(_) => go_to(&sign_in_address(), "Sign in"),
        Err(ApiError::InsufficientScope) => go_to("/dashboard", "Go to your dashboard"),
        Err(_) => button.on("click", move |_| again()),
    }
    let needs_link = matches!(why, Ok(_) | Err(ApiError::InsufficientScope));
    if needs_link {
        button.remove();
    } else {
        link.remove();
    }
    parting
}

const PARTING: &str = "parting";

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
