//! `/login`: sign-in for users who have an account.

use leptos::prelude::*;

use crate::app::components::{FormPage, PasskeyWay};
use crate::app::islands::LoginForm;
use crate::app::next::form_address;
use crate::app::page_facts::PageFacts;

#[component]
pub fn Login() -> impl IntoView {
    let PageFacts { signup_open, sends_mail, passkeys, next, .. } = PageFacts::get();
    let new_here = signup_open.then(|| {
        let signup = form_address("/signup", next.as_deref());
        view! { <p class="beside">"New here? " <a href=signup>"Create an account"</a></p> }
    });
    let forgotten =
        sends_mail.then(|| view! { <p class="beside"><a href="/password/forgot">"Forgot your password?"</a></p> });
    view! {
        <FormPage
            title="Sign in · Handstamp"
            imprint="Handstamp · Sign in · Handstamp · Sign in"
            heading="Welcome back"
            lead="Sign in to get your stamp."
        >
            <LoginForm/>
            <PasskeyWay offered=passkeys/>
            {forgotten}
            {new_here}
        </FormPage>
    }
}
