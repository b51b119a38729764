//! "Try it from outside": calls the same door from a command line.
//!
//! The page never shows the token, only its first letters; the whole command is made when it is copied.

use leptos::prelude::*;

use crate::app::components::copy_command::{CopyCommand, copies};
use crate::app::components::piece::Piece;

#[component]
pub fn CurlCard() -> impl IntoView {
    view! {
        <section class="card curl">
            <h2>"Try it from outside"</h2>
            <CopyCommand what="Command"/>
            <pre class="code"><code><span data-part="command"></span><span class="code__answer" data-part="answer"></span></code></pre>
            <p class="curl__then">
                "Sign out, run it again, and the same stamp is refused: " <code>"401 Token has been revoked"</code> "."
            </p>
        </section>
    }
}

/// `token`: the one that this browser keeps.
pub fn fill_curl_card(card: &Piece, message: &str, token: fn() -> Option<String>) {
    let beginning: String = token().unwrap_or_default().chars().take(6).collect();
    let command = ["curl -H \"Authorization: Bearer ", &beginning, "…\" ", &origin(), "/protected"].concat();
    card.part("command").say(&command);
    card.part("answer").say(&["{\"message\":\"", message, "\"}"].concat());
    copies(card, move || whole_command(&token().unwrap_or_default()));
}

/// It needs no quotes: a token is letters, digits and `._-`.
fn whole_command(token: &str) -> String {
    ["curl -i -H \"Authorization: Bearer ", token, "\" ", &origin(), "/protected"].concat()
}

fn origin() -> String {
    location().origin().unwrap_or_default()
}
