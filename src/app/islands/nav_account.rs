//! The button "Sign out" of the header. Without the program, or before it has loaded, the browser posts this form itself.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::app::client;
use crate::app::components::{SIGN_IN_LINK, focus};

/// Forgets the token here and ends the session on the server. The page does not wait for the answer.
#[island]
pub fn NavAccount() -> impl IntoView {
    let submit = |event: SubmitEvent| {
        event.prevent_default();
        // The button disappears, and the focus must not be lost with it. The dashboard moves it on, to its heading.
        focus(SIGN_IN_LINK);
        client::sign_out();
    };
    view! {
        <form class="sign-out" method="post" action="/api/logout" on:submit=submit>
            <button class="button button--small" type="submit">
                <span class="button__label">"Sign out"</span>
            </button>
        </form>
    }
}
