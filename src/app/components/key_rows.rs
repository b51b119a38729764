//! The keys of the ring, and a button that rotates them.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::KeySummary;
use crate::app::components::asking::Asking;
use crate::app::components::dom::{Flag, Words};
use crate::app::components::form_problems::Problem;
use crate::app::components::sentences::trouble;
use crate::app::components::time_words::{in_pieces, until, when};

#[component]
pub fn KeyRows(
    keys: Vec<KeySummary>,
    /// By the server's clock, in Unix seconds.
    now: i64,
    /// Rotates the keys, and lists them again.
    rotate: fn() -> Asking<Vec<KeySummary>>,
) -> impl IntoView {
    let keys = RwSignal::new(keys);
    let busy: Flag = RwSignal::new(None);
    let status: Words = RwSignal::new("");
    let problem = Problem::none();
    let click = move |_| {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some("true"));
        status.set("");
        spawn_local(async move {
            let rotated = rotate().await;
            // The page may show something else by now.
            if busy.try_set(None).is_some() {
                return;
            }
            problem.say(rotated.as_ref().err().copied().map_or("", trouble));
            if let Ok(new) = rotated {
                keys.set(new);
                status.set("The keys are rotated. No user was signed out.");
            }
        });
    };
    view! {
        <div class="list-head">
            <p class="lead list-head__words">
                "Rotating lets the next key sign. The key before it still verifies until its last token has expired."
            </p>
            <button class="button" type="button" aria-busy=busy on:click=click>
                <span class="button__label">"Rotate keys"</span>
            </button>
        </div>
        <p class="problems list-problem" role="alert" hidden=problem.hidden>{problem.words}</p>
        <p class="list-status" role="status">{status}</p>
        <ul class="card list rows">{move || keys.get().into_iter().map(|key| row(key, now)).collect_view()}</ul>
    }
}

fn row(key: KeySummary, now: i64) -> impl IntoView {
    let KeySummary { id, algorithm, state, created_at, verifies_until } = key;
    let (name, class, words) = about(&state);
    let until = match verifies_until {
        Some(end) if end > now => ["verifies until ", &until(end, now)].concat(),
        Some(_) => "verifies nothing any more".to_owned(),
        None => String::new(),
    };
    let details = in_pieces(&[algorithm, ["made ", &when(created_at, now)].concat(), until]);
    view! {
        <li class="row key">
            <h2 class="row__name">
                <code class="key__id">{id}</code>
                <span class=class>{name}</span>
            </h2>
            <p class="row__details">{words}</p>
            <p class="row__details">{details}</p>
        </li>
    }
}

/// Returns the name of a state, the class of its pill, and its meaning.
fn about(state: &str) -> (String, &'static str, &'static str) {
    let (name, class, words) = match state {
        "active" => ("Active", "pill pill--good", "Signs every new token."),
        "next" => ("Next", "pill pill--ink", "Published, so that others know it when it begins to sign."),
        "retired" => ("Retired", "pill pill--quiet", "No longer signs; tokens that it signed are still accepted."),
        "barred" => ("Barred", "pill pill--bad", "Tokens that it signed are rejected."),
        // From a newer server than this page.
        other => return (other.to_owned(), "pill pill--quiet", ""),
    };
    (name.to_owned(), class, words)
}
