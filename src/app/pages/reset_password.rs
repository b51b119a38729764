//! `/password/reset`: chooses a new password, with the link from a mail. A plain form, so that opening the link, as scanners
//! of mail do, does not use it up.

use leptos::prelude::*;

use crate::app::components::{LinkPage, RuleWords, SignInWay, TokenField};
use crate::app::page_facts::PageFacts;

#[component]
pub fn ResetPassword() -> impl IntoView {
    view! {
        <LinkPage
            title="New password · Handstamp"
            imprint="Handstamp · New password · Handstamp · New password"
            open=("Choose a new password", "All your sessions end, and you sign in with the new password.")
            done=("Your password is changed", "All your sessions have ended. Sign in with the new password.")
            way_on=SignInWay
            incomplete="Copy the whole link from the mail, or ask for another one."
            again=Again
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
        </LinkPage>
    }
}

#[component]
fn Again() -> impl IntoView {
    view! { <p class="beside">"The link does not work? " <a href="/password/forgot">"Ask for another one"</a></p> }
}
