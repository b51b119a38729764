//! A button that copies a command or a link, and shows it if the browser does not allow copying.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::web_sys::{HtmlTextAreaElement, wasm_bindgen::JsCast};

use crate::app::components::piece::Piece;

#[component]
pub fn CopyCommand(
    /// The name of what is copied.
    what: &'static str,
) -> impl IntoView {
    view! {
        <button class="button button--small copy" type="button" data-part="copy">"Copy"</button>
        <p class="copy__status" role="status" data-part="copy-status"></p>
        <textarea class="code copy__by-hand" id="command" readonly aria-label=what hidden data-part="copy-by-hand"></textarea>
    }
}

/// Lets the button inside copy what `command` returns. It makes the text when the user wants it: it may hold a token.
pub fn copies(place: &Piece, command: impl Fn() -> String + 'static) {
    let [button, status, by_hand] = ["copy", "copy-status", "copy-by-hand"].map(|part| place.part(part));
    place.part("copy").on("click", move |_| {
        let command = command();
        let (button, status, by_hand) = (button.clone(), status.clone(), by_hand.clone());
        spawn_local(async move {
            if copy(&command).await {
                button.say("Copied");
                status.say("Copied");
                set_timeout(move || (button.say("Copy"), status.say("")).1, SHOW_COPIED);
            } else {
                by_hand.show(true);
                status.say("Press Ctrl+C to copy.");
                select(&by_hand, &command);
            }
        });
    });
}

const SHOW_COPIED: Duration = Duration::from_secs(2);

async fn copy(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    // Missing on a page that came without TLS from another computer.
    !clipboard.is_undefined() && clipboard.write_text(text).await.is_ok()
}

fn select(by_hand: &Piece, command: &str) {
    if let Some(area) = by_hand.element() {
        let area: &HtmlTextAreaElement = area.unchecked_ref();
        area.set_value(command);
        by_hand.focus();
        area.select();
    }
}
