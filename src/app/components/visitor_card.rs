//! "Signed in": who, as what, since and until when.

use leptos::prelude::*;

use crate::api_types::GreetingAnswer;
use crate::app::components::greeted::valid_until;
use crate::app::components::local_time::LocalTime;

#[component]
pub fn VisitorCard(answer: GreetingAnswer) -> impl IntoView {
    let until = LocalTime::of(valid_until(&answer));
    let GreetingAnswer { username, roles, issued_at, .. } = answer;
    let facts = [
        ("Username", username),
        (if roles.len() == 1 { "Role" } else { "Roles" }, in_words(&roles)),
        ("Since", LocalTime::of(issued_at).date_and_clock()),
        ("Until", until.date_and_clock()),
    ];
    view! {
        <section class="card visitor">
            <h2>"Signed in"</h2>
            <dl class="facts">
                {facts.map(|(name, fact)| view! { <div class="facts__row"><dt>{name}</dt><dd>{fact}</dd></div> })}
            </dl>
        </section>
    }
}

fn in_words(roles: &[String]) -> String {
    if roles.is_empty() { "none".to_owned() } else { roles.join(", ") }
}
