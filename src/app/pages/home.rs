//! `/`: what Handstamp is, and the way in.

use leptos::prelude::*;

use crate::app::components::{Imprint, PageTitle};
use crate::app::page_facts::PageFacts;

#[component]
pub fn Home() -> impl IntoView {
    view! {
        <PageTitle text="Handstamp"/>
        <div class="page">
            <section class="hero">
                <div class="hero__words">
                    <h1>"Signed out means signed out."</h1>
                    <p class="lead">
                        "Handstamp is sign-in for web applications. Sign in, and you get a stamp: a signed token that opens \
                        what is yours. Sign out, and that stamp opens nothing any more, at once and for good."
                    </p>
                    <Ways/>
                </div>
                <div class="hero__imprint">
                    <Imprint words="Handstamp · Signed out means signed out"/>
                </div>
            </section>
            <Points/>
        </div>
    }
}

/// The links onward. The style sheet shows those that fit the visitor.
#[component]
fn Ways() -> impl IntoView {
    let create_account =
        PageFacts::get().signup_open.then(|| view! { <a class="button" href="/signup">"Create an account"</a> });
    view! {
        <div class="hero__ways">
            <span class="when-signed-in">
                <a class="button button--ink" href="/dashboard">"Go to your dashboard"</a>
            </span>
            <span class="when-signed-out hero__ways">
                <a class="button button--ink" href="/login">"Sign in"</a>
                {create_account}
            </span>
        </div>
    }
}

#[component]
fn Points() -> impl IntoView {
    let points = POINTS.map(|(title, sentence)| view! { <li><h2>{title}</h2><p>{sentence}</p></li> });
    view! { <ul class="points">{points.into_iter().collect_view()}</ul> }
}

const POINTS: [(&str, &str); 3] = [
    (
        "A stamp with your name",
        "It says who you are and how long it is valid. Anyone can read it; no one can change it unnoticed.",
    ),
    ("One door for all", "This page and a program on your command line must pass the same check."),
    (
        "Void at once",
        "Most stamps live on until they expire. This one ends with your sign-out, even if the server restarts.",
    ),
];
