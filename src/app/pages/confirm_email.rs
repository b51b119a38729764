//! `/email/confirm`: confirms an email address, with the link from a mail. A plain form with a button, so that opening the
//! link, as scanners of mail do, does not use it up.

use leptos::prelude::*;

use crate::app::components::{LinkPage, TokenField};

#[component]
pub fn ConfirmEmail() -> impl IntoView {
    view! {
        <LinkPage
            title="Confirm your email address · Handstamp"
            imprint="Handstamp · Email · Handstamp · Email"
            open=("Confirm your email address", "Press the button if you asked for this in your account.")
            done=(
                "Your address is confirmed",
                "You can sign in with it, and choose a new password with it if you forget yours.",
            )
            way_on=Account
            incomplete="Copy the whole link from the mail, or ask for another one in your account."
            again=Account
        >
            <form class="card form" method="post" action="/api/confirm-email">
                <TokenField/>
                <button class="button button--ink button--wide" type="submit">
                    <span class="button__label">"Confirm"</span>
                </button>
            </form>
        </LinkPage>
    }
}

#[component]
fn Account() -> impl IntoView {
    view! { <p class="page__way"><a class="button button--ink" href="/account">"Your account"</a></p> }
}
