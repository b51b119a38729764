//! `/email/confirm`: confirms an email address, with the link from a mail. A plain form with a button, so that opening the
//! link, as scanners of mail do, does not use it up.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::app::components::{PlainPage, TokenField, has_token, is_done};

const TITLE: &str = "Confirm your email address · Handstamp";
const IMPRINT: &str = "Handstamp · Email · Handstamp · Email";

#[component]
pub fn ConfirmEmail() -> impl IntoView {
    if is_done() {
        return EitherOf3::A(view! {
            <PlainPage
                title=TITLE
                imprint=IMPRINT
                heading="Your address is confirmed"
                lead="You can sign in with it, and choose a new password with it if you forget yours."
            >
                <Account/>
            </PlainPage>
        });
    }
    if !has_token() {
        return EitherOf3::B(view! {
            <PlainPage
                title=TITLE
                imprint=IMPRINT
                heading="This link is incomplete"
                lead="Copy the whole link from the mail, or ask for another one in your account."
            >
                <Account/>
            </PlainPage>
        });
    }
    EitherOf3::C(view! {
        <PlainPage
            title=TITLE
            imprint=IMPRINT
            heading="Confirm your email address"
            lead="Press the button if you asked for this in your account."
        >
            <form class="card form" method="post" action="/api/confirm-email">
                <TokenField/>
                <button class="button button--ink button--wide" type="submit">
                    <span class="button__label">"Confirm"</span>
                </button>
            </form>
        </PlainPage>
    })
}

#[component]
fn Account() -> impl IntoView {
    view! { <p class="page__way"><a class="button button--ink" href="/account">"Your account"</a></p> }
}
