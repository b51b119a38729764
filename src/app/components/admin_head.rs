//! The head of the administrators' pages: a link to each, with the present one marked.

use leptos::prelude::*;

use crate::app::components::dom::HEADING;

/// Only islands show it: it is an answer to an administrator.
#[component]
pub fn AdminHead(
    heading: &'static str,
    words: &'static str,
    /// The path of this page.
    here: &'static str,
) -> impl IntoView {
    let pages = [("/admin", "Users"), ("/admin/events", "Events"), ("/admin/keys", "Keys")];
    view! {
        <nav class="tabs" aria-label="Administration">
            <ul>
                {pages.map(|(path, name)| view! {
                    <li><a class="nav-link" href=path aria-current=(path == here).then_some("page")>{name}</a></li>
                })}
            </ul>
        </nav>
        <h1 id=HEADING tabindex="-1">{heading}</h1>
        <p class="lead">{words}</p>
    }
}
