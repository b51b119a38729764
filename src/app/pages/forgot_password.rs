//! `/password/forgot`: asks for a link with which to choose a new password. A plain form.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::app::components::{PlainPage, is_done};
use crate::app::page_facts::PageFacts;

const TITLE: &str = "Forgotten password · Handstamp";
const IMPRINT: &str = "Handstamp · Forgotten · Handstamp · Forgotten";

#[component]
pub fn ForgotPassword() -> impl IntoView {
    if !PageFacts::get().sends_mail {
        return EitherOf3::A(view! {
            <PlainPage
                title=TITLE
                imprint=IMPRINT
                heading="Forgotten password"
                lead="This server sends no mail. Ask its administrator for a new password."
            >
                <Beside/>
            </PlainPage>
        });
    }
    if is_done() {
        return EitherOf3::B(view! {
            <PlainPage
                title=TITLE
                imprint=IMPRINT
                heading="Look into your mail"
                lead="If this account has a confirmed email address, a link is on its way. It works once, within 30 minutes."
            >
                <p>"No mail? Look into the folder for spam. An account without an email address gets none: ask the administrator."</p>
                <Beside/>
            </PlainPage>
        });
    }
    EitherOf3::C(view! {
        <PlainPage
            title=TITLE
            imprint=IMPRINT
            heading="Forgotten password"
            lead="We send a link to the email address of your account. With it you choose a new password."
        >
            <form class="card form" method="post" action="/api/forgot-password">
                <div class="field">
                    <label class="field__label" for="username">"Username or email address"</label>
                    <input
                        class="field__input"
                        type="text"
                        id="username"
                        name="username"
                        autocomplete="username"
                        autocapitalize="none"
                        spellcheck="false"
                        required
                    />
                </div>
                <button class="button button--ink button--wide" type="submit">
                    <span class="button__label">"Send the link"</span>
                </button>
            </form>
            <Beside/>
        </PlainPage>
    })
}

#[component]
fn Beside() -> impl IntoView {
    view! { <p class="beside">"You remember it? " <a href="/login">"Sign in"</a></p> }
}
