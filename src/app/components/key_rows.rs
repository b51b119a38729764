//! The keys of the ring, and a button that rotates them.

use leptos::prelude::*;

use crate::api_types::KeySummary;
use crate::app::components::admin_head::AdminHead;
use crate::app::components::asking::Asking;
use crate::app::components::piece::Piece;
use crate::app::components::sentences::trouble;
use crate::app::components::time_words::{in_pieces, until, when};

#[component]
pub fn KeyTemplates() -> impl IntoView {
    view! {
        <template id=KEYS>
            <div class="contents">
                <AdminHead here="/admin/keys" heading="Keys" words="The keys that sign the stamps and check them."/>
                <div class="list-head">
                    <p class="lead list-head__words">
                        "Rotating lets the next key sign. The key before it still verifies until its last token has expired."
                    </p>
                    <button class="button" type="button" data-part="rotate">
                        <span class="button__label">"Rotate keys"</span>
                    </button>
                </div>
                <p class="problems list-problem" role="alert" hidden data-part="problem"></p>
                <p class="list-status" role="status" data-part="status"></p>
                <ul class="card list rows" data-part="keys"></ul>
            </div>
        </template>
        <template id=ONE>
            <li class="row key">
                <h2 class="row__name">
                    <code class="key__id"></code>
                    <span data-part="state"></span>
                </h2>
                <p class="row__details" data-part="words"></p>
                <p class="row__details" data-part="details"></p>
            </li>
        </template>
    }
}

/// Returns the list; `now` is by the server's clock, in Unix seconds. `rotate` rotates the keys, and lists them again.
pub fn key_rows(keys: Vec<KeySummary>, now: i64, rotate: fn() -> Asking<Vec<KeySummary>>) -> Piece {
    let contents = Piece::copy_of(KEYS);
    fill(&contents, keys, now);
    let button = contents.part("rotate");
    let (place, asks) = (contents.clone(), button.clone());
    button.on("click", move |_| {
        let place = place.clone();
        place.part("status").say("");
        asks.ask(rotate, move |rotated| {
            place.part("problem").complain(rotated.as_ref().err().copied().map_or("", trouble));
            if let Ok(new) = rotated {
                fill(&place, new, now);
                place.part("status").say("The keys are rotated. No user was signed out.");
            }
        });
    });
    contents
}

const KEYS: &str = "key-list";
const ONE: &str = "key";

fn fill(contents: &Piece, keys: Vec<KeySummary>, now: i64) {
    let list = contents.part("keys");
    list.say("");
    for key in keys {
        list.add(&row(key, now));
    }
}

fn row(key: KeySummary, now: i64) -> Piece {
    let KeySummary { id, algorithm, state, created_at, verifies_until } = key;
    let (name, class, words) = about(&state);
    let until = match verifies_until {
        Some(end) if end > now => ["verifies until ", &until(end, now)].concat(),
        Some(_) => "verifies nothing any more".to_owned(),
        None => String::new(),
    };
    let row = Piece::copy_of(ONE);
    row.first(".key__id").say(&id);
    row.part("state").set("class", class);
    row.part("state").say(name);
    row.part("words").say(words);
    row.part("details").say(&in_pieces(&[algorithm, ["made ", &when(created_at, now)].concat(), until]));
    row
}

/// Returns the name of a state, the class of its pill, and its meaning.
fn about(state: &str) -> (&str, &'static str, &'static str) {
    match state {
        "active" => ("Active", "pill pill--good", "Signs every new token."),
        "next" => ("Next", "pill pill--ink", "Published, so that others know it when it begins to sign."),
        "retired" => ("Retired", "pill pill--quiet", "No longer signs; tokens that it signed are still accepted."),
        "barred" => ("Barred", "pill pill--bad", "Tokens that it signed are rejected."),
        // From a newer server than this page.
        other => (other, "pill pill--quiet", ""),
    }
}
