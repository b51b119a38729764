//! `/signup`: a new account, where the server lets anybody make one.

use leptos::either::Either;
use leptos::prelude::*;

use crate::app::components::{FormPage, PageTitle};
use crate::app::islands::SignupForm;
use crate::app::page_facts::PageFacts;

#[component]
pub fn Signup() -> impl IntoView {
    if PageFacts::get().signup_open { Either::Left(view! { <Open/> }) } else { Either::Right(view! { <Closed/> }) }
}

#[component]
fn Open() -> impl IntoView {
    view! {
        <FormPage
            title=TITLE
            imprint="Handstamp · Welcome · Handstamp · Welcome"
            heading="Create an account"
            lead="Pick a name and a long password. You are signed in right after."
        >
            <SignupForm/>
            <p class="beside">"Already have an account? " <a href="/login">"Sign in"</a></p>
        </FormPage>
    }
}

#[component]
fn Closed() -> impl IntoView {
    view! {
        <PageTitle text=TITLE/>
        <div class="page page--form">
            <h1>"Sign-up is closed"</h1>
            <p class="lead">"Accounts on this server are made by its administrator."</p>
            <p class="page__way"><a class="button button--ink" href="/login">"Sign in"</a></p>
        </div>
    }
}

const TITLE: &str = "Create an account · Handstamp";
