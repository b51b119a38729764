//! `/signup`: makes a new account, if the server lets anyone make one; otherwise for people with an invitation.
//!
//! The page does not know an invitation's code: it stays in the browser, behind the `#` of the address, until the form is
//! sent. The style sheet shows the form or the notice in its place (`data-code`, see `app/shell.rs`).

use leptos::either::Either;
use leptos::prelude::*;

use crate::app::components::{FormPage, StrengthTemplate};
use crate::app::islands::{PasswordMeter, SignupForm};
use crate::app::next::form_address;
use crate::app::page_facts::PageFacts;

#[component]
pub fn Signup() -> impl IntoView {
    let login = form_address("/login", PageFacts::get().next.as_deref());
    if PageFacts::get().signup_open {
        Either::Left(view! { <Form lead="Choose a name and a long password. You are then signed in." login/> })
    } else {
        Either::Right(view! {
            <div class="page page--form when-not-invited">
                <h1>"Sign-up is closed"</h1>
                <p class="lead">"Accounts on this server are by invitation: ask its administrator for a link."</p>
                <p class="page__way"><a class="button button--ink" href=login.clone()>"Sign in"</a></p>
            </div>
            <div class="when-invited">
                <Form lead="You are invited. Choose a name and a long password." login/>
            </div>
        })
    }
}

#[component]
fn Form(
    lead: &'static str,
    /// The address of the sign-in form.
    login: String,
) -> impl IntoView {
    view! {
        <FormPage
            title="Create an account · Handstamp"
            imprint="Handstamp · Welcome · Handstamp · Welcome"
            heading="Create an account"
            lead
        >
            <SignupForm/>
            <StrengthTemplate/>
            <PasswordMeter/>
            <p class="beside">"Already have an account? " <a href=login>"Sign in"</a></p>
        </FormPage>
    }
}
