//! "Try it from outside": calls the same door from a command line.
//!
//! The page never shows the token, only its first letters; the whole command is made when it is copied.

use leptos::prelude::*;

use crate::app::components::copy_command::CopyCommand;

#[component]
pub fn CurlCard(
    message: String,
    /// The token that this browser keeps.
    token: fn() -> Option<String>,
) -> impl IntoView {
    let beginning: String = token().unwrap_or_default().chars().take(6).collect();
    let command = ["curl -H \"Authorization: Bearer ", &beginning, "…\" ", &origin(), "/protected"].concat();
    view! {
        <section class="card curl">
            <h2>"Try it from outside"</h2>
            <CopyCommand what="Command" command=move || whole_command(&token().unwrap_or_default())/>
            <pre class="code"><code>{command}<span class="code__answer">"{\"message\":\""{message}"\"}"</span></code></pre>
            <p class="curl__then">
                "Sign out, run it again, and the same stamp is refused: " <code>"401 Token has been revoked"</code> "."
            </p>
        </section>
    }
}

/// It needs no quotes: a token is letters, digits and `._-`.
fn whole_command(token: &str) -> String {
    ["curl -i -H \"Authorization: Bearer ", token, "\" ", &origin(), "/protected"].concat()
}

fn origin() -> String {
    location().origin().unwrap_or_default()
}
