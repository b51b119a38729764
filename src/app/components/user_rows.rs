//! Users by name, with a search, and what an administrator can do with each.
//!
//! A row opens to show its buttons; opening it changes nothing.

mod deed;
mod doors;
mod list;
mod remove_dialog;
mod user_row;

use leptos::prelude::*;

use crate::api_types::UsersAnswer;
use crate::app::components::admin_head::AdminHead;
use crate::app::components::invitation::{Invitation, invites};
use crate::app::components::piece::Piece;
pub use deed::Deed;
pub use doors::UserDoors;
use list::{List, SEARCH};
use remove_dialog::RemoveDialog;
use user_row::{Row, UserTemplate};

#[component]
pub fn UserTemplates() -> impl IntoView {
    view! {
        <template id=USERS>
            <div class="contents">
                <AdminHead here="/admin" heading="Users" words="What you do here takes effect at once, on every device."/>
                <Invitation/>
                <form class="search" role="search">
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
                    <button class="button" type="submit" data-part="search">
                        <span class="button__label">"Search"</span>
                    </button>
                </form>
                <p class="problems list-problem" role="alert" hidden data-part="list-problem"></p>
                <p class="beside" data-part="none-found">"No username contains that."</p>
                <ul class="card list rows" data-part="users"></ul>
                <button class="button button--small more" type="button" data-part="more">
                    <span class="button__label">"Show more"</span>
                </button>
                <p class="visually-hidden" role="status" data-part="list-status"></p>
                <RemoveDialog/>
            </div>
        </template>
        <UserTemplate/>
    }
}

/// Returns the users; `now` is by the server's clock, in Unix seconds.
pub fn user_rows(first: UsersAnswer, now: i64, doors: UserDoors) -> Piece {
    let contents = Piece::copy_of(USERS);
    invites(&contents, now, doors.invite);
    remove_dialog::wake(&List::fill(&contents, first, now, doors, Row::of));
    contents
}

const USERS: &str = "user-list";
