//! Users by name, with a search, and what an administrator can do about each.
//!
//! A row opens to show its ways; nothing is done by opening it.

mod deed;
mod list;
mod remove_dialog;
mod user_row;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api_types::UsersAnswer;
use crate::app::components::asking::Asking;
use crate::app::components::dom::{Flag, value};
use crate::app::components::later::Later;
pub use deed::Deed;
use list::{LIST, List, SEARCH};
use remove_dialog::RemoveDialog;
use user_row::rows;

/// What the page may ask the server.
#[derive(Clone, Copy)]
pub struct UserDoors {
    /// A part of a name, and where to go on.
    pub list: fn(String, String) -> Asking<UsersAnswer>,
    /// What is to be done, to the user with this id.
    pub act: fn(Deed, String) -> Asking<()>,
}

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
        <p class="beside" hidden=list.somebody>"Nobody has that in their name."</p>
        <ul class="card list rows" id=LIST hidden=list.nobody>{move || Later(rows(list, list.first.get()))}</ul>
        <button
            class="button button--small more"
            type="button"
            aria-busy=getting
            hidden=list.all_here
            on:click=move |_| list.more(getting)
        >
            <span class="button__label">"Show more"</span>
        </button>
        <p class="visually-hidden" role="status">{list.status}</p>
        <RemoveDialog list/>
    }
}
