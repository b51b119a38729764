//! "Signed in": the user's name, their roles, and links to the other pages.

use leptos::prelude::*;

#[component]
pub fn VisitorCard(username: String, roles: Vec<String>) -> impl IntoView {
    let facts = [("Username", username), (if roles.len() == 1 { "Role" } else { "Roles" }, in_words(&roles))];
    view! {
        <section class="card visitor">
            <h2>"Signed in"</h2>
            <dl class="facts">
                {facts.map(|(name, fact)| view! { <div class="facts__row"><dt>{name}</dt><dd>{fact}</dd></div> })}
            </dl>
            <p class="visitor__then">
                "Your stamp is renewed as long as this session lasts. You can end it, and any other, from every device."
            </p>
            <a class="button" href="/sessions">"See your sessions"</a>
        </section>
    }
}

fn in_words(roles: &[String]) -> String {
    if roles.is_empty() { "none".to_owned() } else { roles.join(", ") }
}
