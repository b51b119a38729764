//! A button that copies a command or a link, and shows it if the browser does not allow copying.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::components::dom::{Flag, Words, text_area};

#[component]
pub fn CopyCommand(
    /// The name of what is copied.
    what: &'static str,
    /// Makes the text when the user wants it: it may hold a token.
    command: impl Fn() -> String + 'static,
) -> impl IntoView {
    let label: Words = RwSignal::new("Copy");
    let status: Words = RwSignal::new("");
    let by_hand: Flag = RwSignal::new(Some(""));
    let click = move |_| {
        let command = command();
        spawn_local(async move {
            if copy(&command).await {
                label.try_set("Copied");
                status.try_set("Copied");
                set_timeout(move || _ = (label.try_set("Copy"), status.try_set("")), SHOW_COPIED);
            } else {
                by_hand.try_set(None);
                status.try_set("Press Ctrl+C to copy.");
                request_animation_frame(move || select(&command));
            }
        });
    };
    view! {
        <button class="button button--small copy" type="button" on:click=click>{label}</button>
        <p class="copy__status" role="status">{status}</p>
        <textarea class="code copy__by-hand" id=BY_HAND readonly aria-label=what hidden=by_hand></textarea>
    }
}

const SHOW_COPIED: Duration = Duration::from_secs(2);
const BY_HAND: &str = "command";

async fn copy(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    // Missing on a page that came without TLS from another computer.
    !clipboard.is_undefined() && clipboard.write_text(text).await.is_ok()
}

fn select(command: &str) {
    if let Some(area) = text_area(BY_HAND) {
        area.set_value(command);
        // Fails only if the element cannot have the focus.
        let _ = area.focus();
        area.select();
    }
}
