//! `/password/reset`: chooses a new password, with the link from a mail. A plain form, so that opening the link, as scanners
//! of mail do, does not use it up.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::app::components::{PlainPage, RuleWords, SignInWay, TokenField, has_token, is_done};
use crate::app::page_facts::PageFacts;

const TITLE: &str = "New password · Handstamp";
const IMPRINT: &str = "Handstamp · New password · Handstamp · New password";

#[component]
pub fn ResetPassword() -> impl IntoView {
    if is_done() {
        return EitherOf3::A(view! {
            <PlainPage
                title=TITLE
                imprint=IMPRINT
                heading="Your password is changed"
                lead="All your sessions have ended. Sign in with the new password."
            >
                <SignInWay/>
            </PlainPage>
        });
    }
    if !has_token() {
        return EitherOf3::B(view! {
            <PlainPage
                title=TITLE
                imprint=IMPRINT
                heading="This link is incomplete"
                lead="Copy the whole link from the mail, or ask for another one."
            >
                <Again/>
            </PlainPage>
        });
    }
    EitherOf3::C(view! {
        <PlainPage
            title=TITLE
            imprint=IMPRINT
            heading="Choose a new password"
            lead="All your sessions end, and you sign in with the new password."
        >
            <form class="card form" method="post" action="/api/reset-password">
                <TokenField/>
                <div class="field">
                    <label class="field__label" for="new-password">"New password"</label>
                    <input
                        class="field__input"
                        type="password"
                        id="new-password"
                        name="new_password"
                        autocomplete="new-password"
                        aria-describedby="password-rule"
                        required
                    />
                    <RuleWords min_length=PageFacts::get().password_min_length/>
                </div>
                <button class="button button--ink button--wide" type="submit">
                    <span class="button__label">"Change password"</span>
                </button>
            </form>
            <Again/>
        </PlainPage>
    })
}

#[component]
fn Again() -> impl IntoView {
    view! { <p class="beside">"The link does not work? " <a href="/password/forgot">"Ask for another one"</a></p> }
}
