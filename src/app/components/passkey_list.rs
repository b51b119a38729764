//! The passkeys of `/account`: a list, each with buttons to rename and to remove it, and a form that adds one.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::{ApiError, PasskeySummary, PasskeysAnswer};
use crate::app::components::asking::Asking;
use crate::app::components::dom::{set_value, value};
use crate::app::components::passkey_words::passkey_trouble;
use crate::app::components::piece::Piece;
use crate::app::components::sentences::trouble;
use crate::app::components::time_words::{ago, day_and_clock, in_pieces};

/// What the page can ask the server and the browser.
#[derive(Clone, Copy)]
pub struct PasskeyDoors {
    /// Whether the browser has passkeys.
    pub supported: fn() -> bool,
    pub list: fn() -> Asking<PasskeysAnswer>,
    /// Makes one with this name. Returns what the user must know; empty if it was added.
    pub add: fn(String) -> Asking<&'static str>,
    /// Id, name.
    pub rename: fn(String, String) -> Asking<()>,
    pub remove: fn(String) -> Asking<()>,
}

/// Part of another template.
#[component]
pub fn PasskeyList() -> impl IntoView {
    view! {
        <ul class="rows" data-part="passkeys"></ul>
        <p class="beside" hidden data-part="no-passkeys">"None yet."</p>
        <p class="problems" role="alert" tabindex="-1" hidden data-part="passkey-problem"></p>
        <form class="form passkey-form" hidden data-part="add-passkey">
            <div class="field">
                <label class="field__label" for=NAME>"Name of the new passkey"</label>
                <input class="field__input" type="text" id=NAME maxlength="64" autocomplete="off" placeholder="This device"/>
            </div>
            <button class="button button--small" type="submit">
                <span class="button__label">"Add a passkey"</span>
            </button>
        </form>
        <p class="visually-hidden" role="status" data-part="passkey-status"></p>
    }
}

#[component]
pub fn PasskeyTemplate() -> impl IntoView {
    view! {
        <template id=PASSKEY>
            <li class="row passkey">
                <form class="passkey__row">
                    <p class="passkey__name"><span data-part="name"></span> <span class="pill" hidden data-part="quiet">"Saved by the browser"</span></p>
                    <input class="field__input passkey__input" type="text" maxlength="64" autocomplete="off" hidden data-part="input"/>
                    <p class="row__details" data-part="details"></p>
                    <div class="passkey__ways">
                        <button class="button button--small" type="submit" data-part="rename">
                            <span class="button__label" data-part="rename-words">"Rename"</span>
                        </button>
                        <button class="button button--small" type="button" data-part="remove">
                            <span class="button__label">"Remove"</span>
                        </button>
                    </div>
                </form>
            </li>
        </template>
    }
}

/// Fills in the list inside, and makes the form work. `now`: by the server's clock, in Unix seconds.
pub fn passkeys_inside(place: &Piece, now: i64, doors: PasskeyDoors) {
    let list = List { place: place.clone(), now, doors };
    list.load();
    let (form, button) = (place.part("add-passkey"), place.part("add-passkey").first("[type=submit]"));
    form.on("submit", move |event| {
        event.prevent_default();
        let list = list.clone();
        button.ask(
            || (doors.add)(value(NAME)),
            move |added| match added {
                Ok("") => {
                    set_value(NAME, "");
                    list.say("");
                    list.done("The passkey was added.");
                }
                Ok(why) => list.say(why),
                Err(error) => list.complain(error),
            },
        );
    });
}

const NAME: &str = "passkey-name";
const PASSKEY: &str = "passkey";
const SAVE: &str = "Save";

#[derive(Clone)]
struct List {
    place: Piece,
    now: i64,
    doors: PasskeyDoors,
}

impl List {
    fn load(&self) {
        let list = self.clone();
        spawn_local(async move {
            let answer = (list.doors.list)().await;
            if list.place.is_there() {
                match answer {
                    Ok(answer) => list.fill(&answer),
                    Err(error) => list.complain(error),
                }
            }
        });
    }

    fn fill(&self, answer: &PasskeysAnswer) {
        let rows = self.place.part("passkeys");
        rows.say("");
        for passkey in &answer.passkeys {
            rows.add(&self.row(passkey));
        }
        let possible = answer.rp_id.is_some() && (self.doors.supported)();
        self.place.part("no-passkeys").show(answer.passkeys.is_empty() && possible);
        self.place.part("add-passkey").show(possible);
        if answer.rp_id.is_none() {
            self.say("This server has no passkeys: its address is a number, and passkeys need a name. Its operator can change that.");
        } else if !possible {
            self.say("This browser has no passkeys.");
        }
    }

    fn row(&self, passkey: &PasskeySummary) -> Piece {
        let row = Piece::copy_of(PASSKEY);
        let PasskeySummary { id, name, synced, quiet, created_at, last_used_at } = passkey;
        let used = last_used_at.map_or("never used".to_owned(), |at| ["used ", &ago(at, self.now)].concat());
        let added = ["added ", &day_and_clock(*created_at, self.now)].concat();
        let synced = if *synced { "synchronised" } else { "on one device" };
        row.part("name").say(name);
        row.part("quiet").show(*quiet);
        row.part("details").say(&in_pieces(&[used, added, synced.to_owned()]));
        row.part("rename").set("aria-label", &["Rename ", name].concat());
        row.part("remove").set("aria-label", &["Remove ", name].concat());

        let (list, button, gone) = (self.clone(), row.part("remove"), id.clone());
        row.part("remove").on("click", move |_| {
            let (list, id, doors) = (list.clone(), gone.clone(), list.doors);
            button.ask(|| (doors.remove)(id), move |removed| list.changed(removed, "The passkey was removed."));
        });
        let (list, piece, renamed, old) = (self.clone(), row.clone(), id.clone(), name.clone());
        row.first("form").on("submit", move |event| {
            event.prevent_default();
            let input = piece.part("input");
            if piece.part("rename-words").text() != SAVE {
                return edit(&piece, &old);
            }
            let (list, id, doors, name) = (list.clone(), renamed.clone(), list.doors, input.typed());
            piece
                .part("rename")
                .ask(|| (doors.rename)(id, name), move |renamed| list.changed(renamed, "The passkey was renamed."));
        });
        row
    }

    fn changed(&self, changed: Result<(), ApiError>, done: &'static str) {
        match changed {
            // It is gone already.
            Ok(()) | Err(ApiError::NotFound) => {
                self.say("");
                self.done(done);
            }
            Err(error) => self.complain(error),
        }
    }

    fn done(&self, words: &str) {
        self.place.part("passkey-status").say(words);
        self.load();
    }

    fn complain(&self, error: ApiError) {
        let words = passkey_trouble(error);
        self.say(if words.is_empty() { trouble(error) } else { words });
    }

    fn say(&self, words: &str) {
        self.place.part("passkey-problem").complain(words);
    }
}

/// Shows the field for another name.
fn edit(row: &Piece, name: &str) {
    let input = row.part("input");
    row.part("name").show(false);
    input.show(true);
    input.set("aria-label", "Name");
    input.set("value", name);
    row.part("rename-words").say(SAVE);
    row.part("rename").set("aria-label", &["Save the name of ", name].concat());
    input.focus();
}
