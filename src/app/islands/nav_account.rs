//! The button "Sign out" of the header. A form that posts by itself where the program is not there, or not yet.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::app::client;
use crate::app::components::{SIGN_IN_LINK, focus};

/// Forgets the token here and ends the session at the server, whatever that says and whenever.
#[island]
pub fn NavAccount() -> impl IntoView {
    let submit = |event: SubmitEvent| {
        event.prevent_default();
        // The button goes, and the focus must not be lost with it. The dashboard takes it further, to its heading.
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
