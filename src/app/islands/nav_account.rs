//! The button "Sign out" of the header. A form that posts by itself where the program is not there, or not yet.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::ApiError;
use crate::app::components::{Flag, SIGN_IN_LINK, focus};
use crate::app::server_fns::logout;
use crate::app::signed_in::{Why, sign_out};

/// Ends the session at the server, then forgets the token here, whatever the server said.
#[island]
pub fn NavAccount() -> impl IntoView {
    let busy: Flag = RwSignal::new(None);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some("true"));
        spawn_local(async move {
            let answer = logout().await;
            busy.set(None);
            // The button goes, and the focus must not be lost with it. The dashboard takes it further, to its heading.
            focus(SIGN_IN_LINK);
            sign_out(why(answer));
        });
    };
    view! {
        <form class="sign-out" method="post" action="/api/logout" on:submit=submit>
            <button class="button button--small" type="submit" aria-busy=busy>
                <span class="button__label">"Sign out"</span>
            </button>
        </form>
    }
}

fn why(answer: Result<(), ApiError>) -> Why {
    match answer {
        // An error about the token: the server knows it not, or not any more, and that too is signed out.
        Ok(())
        | Err(
            ApiError::MissingToken
            | ApiError::BadAuthorizationHeader
            | ApiError::BadSignature
            | ApiError::InvalidToken
            | ApiError::TokenExpired
            | ApiError::TokenRevoked,
        ) => Why::SignedOut,
        Err(_) => Why::SignedOutUnconfirmed,
    }
}
