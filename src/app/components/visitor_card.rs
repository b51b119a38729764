//! "Signed in": the user's name, their roles, and links to the other pages.

use leptos::prelude::*;

use crate::api_types::GreetingAnswer;
use crate::app::components::piece::Piece;

#[component]
pub fn VisitorCard() -> impl IntoView {
    view! {
        <section class="card visitor">
            <h2>"Signed in"</h2>
            <dl class="facts">
                <div class="facts__row"><dt>"Username"</dt><dd data-part="username"></dd></div>
                <div class="facts__row"><dt data-part="role-or-roles">"Roles"</dt><dd data-part="roles"></dd></div>
            </dl>
            <p class="visitor__then">
                "Your stamp is renewed as long as this session lasts. You can end it, and any other, from every device."
            </p>
            <a class="button" href="/sessions">"See your sessions"</a>
        </section>
    }
}

pub fn fill_visitor_card(card: &Piece, GreetingAnswer { username, roles, .. }: &GreetingAnswer) {
    card.part("username").say(username);
    if roles.len() == 1 {
        card.part("role-or-roles").say("Role");
    }
    card.part("roles").say(&in_words(roles));
}

/// "admin, editor", or "none".
pub fn in_words(roles: &[String]) -> String {
    if roles.is_empty() { "none".to_owned() } else { roles.join(", ") }
}
