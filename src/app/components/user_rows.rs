//! Users by name, with a search, and what an administrator can do with each.
//!
//! A row opens to show its buttons; opening it changes nothing.

mod deed;
mod doors;
mod list;
mod remove_dialog;
mod user_row;

use std::any::Any;

use leptos::ev::SubmitEvent;
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::web_sys::wasm_bindgen::JsCast;

use crate::api_types::{UserSummary, UsersAnswer};
use crate::app::components::dom::{Flag, value};
use crate::app::components::later::Later;
pub use deed::Deed;
pub use doors::UserDoors;
use list::{LIST, List, SEARCH};
use remove_dialog::RemoveDialog;
use user_row::rows;

#[component]
pub fn UserRows(
    first: UsersAnswer,
    /// By the server's clock, in Unix seconds.
    now: i64,
    doors: UserDoors,
) -> impl IntoView {
    let list = List::of(first, now, doors);
    let (searching, getting): (Flag, Flag) = (RwSignal::new(None), RwSignal::new(None));
    let search = move |event: SubmitEvent| {
        event.prevent_default();
        list.search(value(SEARCH), searching);
    };
    view! {
        <form class="search" role="search" on:submit=search>
            <label class="visually-hidden" for=SEARCH>"Part of a username"</label>
            <input
                class="field__input search__field"
                type="search"
                id=SEARCH
                name="search"
                placeholder="Part of a username"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
            />
            <button class="button" type="submit" aria-busy=searching>
                <span class="button__label">"Search"</span>
            </button>
        </form>
        <p class="problems list-problem" role="alert" hidden=list.problem.hidden>{list.problem.words}</p>
        <p class="beside" hidden=list.found>"No username contains that."</p>
        <ul class="card list rows" id=LIST hidden=list.none_found>{move || Later(rows(list, list.first.get()))}</ul>
        <button
            class="button button--small more"
            type="button"
            aria-busy=getting
            hidden=list.all_here
            on:click=move |_| list.more(getting, append)
        >
            <span class="button__label">"Show more"</span>
        </button>
        <p class="visually-hidden" role="status">{list.status}</p>
        <RemoveDialog list/>
    }
}

/// Adds more users at the end of the list; they leave the document when the returned value is dropped.
fn append(list: List, users: Vec<UserSummary>) -> Option<Box<dyn Any>> {
    let place = document().get_element_by_id(LIST)?;
    Some(Box::new(mount_to(place.unchecked_into(), move || Later(rows(list, users)))))
}
