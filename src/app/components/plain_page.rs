//! The frame of a page with a form that the browser always sends itself: it needs no program.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::app::components::imprint::Imprint;
use crate::app::components::page_title::PageTitle;
use crate::app::components::refused_notice::RefusedNotice;

/// The name in the query that says that the form was sent, and worked.
const DONE: &str = "done";
/// The name of the code of a link, in its query and in the form.
const TOKEN: &str = "token";

#[component]
pub fn PlainPage(
    title: &'static str,
    /// Words of the imprint.
    imprint: &'static str,
    heading: &'static str,
    lead: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <PageTitle text=title/>
        <div class="page page--form">
            <div class="page__imprint"><Imprint words=imprint/></div>
            <h1>{heading}</h1>
            <p class="lead">{lead}</p>
            <RefusedNotice/>
            {children()}
        </div>
    }
}

/// The frame of a page to which a link in a mail leads. The form, its children, is shown if the link is whole and the form was
/// not sent yet.
#[component]
pub fn LinkPage(
    title: &'static str,
    imprint: &'static str,
    /// Heading and lead with the form.
    open: Words,
    /// Heading and lead after the form worked, and the way on.
    done: Words,
    #[prop(into)] way_on: ViewFn,
    /// What to do if the link is incomplete, in words and as a way.
    incomplete: &'static str,
    #[prop(into)] again: ViewFn,
    children: Children,
) -> impl IntoView {
    let (words, contents) = if is_done() {
        (done, EitherOf3::A(way_on.run()))
    } else if token().is_empty() {
        (("This link is incomplete", incomplete), EitherOf3::B(again.run()))
    } else {
        (open, EitherOf3::C(children()))
    };
    view! { <PlainPage title imprint heading=words.0 lead=words.1>{contents}</PlainPage> }
}

/// Heading and lead.
type Words = (&'static str, &'static str);

/// The code of the link that led here, for the server.
#[component]
pub fn TokenField() -> impl IntoView {
    view! { <input type="hidden" name=TOKEN value=token()/> }
}

/// What to do next, after the form worked.
#[component]
pub fn SignInWay() -> impl IntoView {
    view! { <p class="page__way"><a class="button button--ink" href="/login">"Sign in"</a></p> }
}

/// Returns whether the form was sent, and worked.
pub fn is_done() -> bool {
    use_query_map().get_untracked().get(DONE).is_some()
}

fn token() -> String {
    use_query_map().get_untracked().get(TOKEN).unwrap_or_default()
}
