//! One user: their name, since when, how active; and what an administrator can do.

use std::cell::Cell;
use std::rc::Rc;

use leptos::prelude::*;

use crate::api_types::{ApiError, UserSummary};
use crate::app::components::piece::Piece;
use crate::app::components::sentences::trouble;
use crate::app::components::time_words::{ago, day_and_clock, in_pieces};
use crate::app::components::user_rows::deed::Deed;
use crate::app::components::user_rows::list::{List, Listed};
use crate::app::components::user_rows::remove_dialog;

/// The user's own row, and that of another user, which opens.
#[component]
pub fn UserTemplate() -> impl IntoView {
    view! {
        <template id=OWN>
            <li class="row user" tabindex="-1">
                <div class="user__who"><Who/></div>
            </li>
        </template>
        <template id=OTHER>
            <li class="row user" tabindex="-1">
                <details>
                    <summary class="user__who user__who--opens"><Who/></summary>
                    <div class="user__ways">
                        <Way part="disable" words="Disable"/>
                        <Way part="end-sessions" words="End all sessions"/>
                        <Way part="make-admin" words="Make administrator"/>
                        <button class="button button--small button--bad" type="button" data-part="remove">
                            "Remove…"<span class="visually-hidden"></span>
                        </button>
                    </div>
                    <p class="user__said" role="status" data-part="said"></p>
                    <p class="field__problem user__said" role="alert" hidden data-part="problem"></p>
                </details>
            </li>
        </template>
    }
}

#[component]
fn Who() -> impl IntoView {
    view! {
        <span class="letter" aria-hidden="true" data-part="letter"></span>
        <span class="row__name">
            <span data-part="name"></span>
            <span class="pill pill--quiet" hidden data-part="you">"You"</span>
            <span class="pill pill--ink" hidden data-part="is-admin">"Administrator"</span>
            <span class="pill pill--bad" hidden data-part="is-disabled">"Disabled"</span>
        </span>
        <span class="row__details" data-part="details"></span>
    }
}

/// A button. It names the user, for those who cannot see its row.
#[component]
fn Way(part: &'static str, words: &'static str) -> impl IntoView {
    view! {
        <button class="button button--small" type="button" data-part=part>
            <span class="button__label"><span data-part="words">{words}</span><span class="visually-hidden"></span></span>
        </button>
    }
}

/// One row, and what changes in it.
pub struct Row {
    list: Rc<List>,
    listed: Listed,
    since: String,
    disabled: Cell<bool>,
    admin: Cell<bool>,
}

impl Row {
    /// Returns the row of this user, filled in.
    pub fn of(list: &Rc<List>, user: UserSummary) -> Piece {
        let piece = Piece::copy_of(if user.own { OWN } else { OTHER });
        piece.part("letter").say(&user.username.chars().take(1).collect::<String>());
        piece.part("name").say(&user.username);
        piece.part("you").show(user.own);
        let row = Rc::new(Self {
            list: list.clone(),
            listed: Listed { row: piece.clone(), id: user.id, username: user.username },
            since: ["since ", &day_and_clock(user.created_at, list.now)].concat(),
            disabled: Cell::default(),
            admin: Cell::default(),
        });
        row.is_disabled(user.disabled_at.is_some());
        row.is_admin(user.roles.iter().any(|role| role == "admin"));
        let active = user.last_used_at.map(|at| ["active ", &ago(at, list.now)].concat());
        row.is_active(sessions(user.sessions), active.unwrap_or_default());
        row.way("disable", |row| row.act("disable", if row.disabled.get() { Deed::Enable } else { Deed::Disable }));
        row.way("end-sessions", |row| row.act("end-sessions", Deed::EndSessions));
        row.way("make-admin", |row| {
            row.act("make-admin", if row.admin.get() { Deed::UnmakeAdmin } else { Deed::MakeAdmin });
        });
        row.way("remove", |row| remove_dialog::ask_about(&row.list, row.listed.clone()));
        piece
    }

    fn way(self: &Rc<Self>, part: &str, go: fn(&Rc<Self>)) {
        let (row, button) = (self.clone(), self.listed.row.part(part));
        button.first(".visually-hidden").say(&["(", &self.listed.username, ")"].concat());
        button.on("click", move |_| go(&row));
    }

    /// Asks the server, once at a time. Then shows what has changed, or why it failed.
    fn act(self: &Rc<Self>, button: &str, deed: Deed) {
        let row = self.clone();
        let [said, problem] = ["said", "problem"].map(|part| self.listed.row.part(part));
        said.say("");
        self.listed.row.part(button).ask(
            || (self.list.doors.act)(deed, self.listed.id.clone()),
            move |done| match done {
                Ok(()) => {
                    problem.complain("");
                    said.say(deed.done());
                    row.follow(deed);
                }
                Err(ApiError::NotFound) => row.list.lose(&row.listed.row, "That account is gone already."),
                Err(error) => problem.complain(trouble(error)),
            },
        );
    }

    fn follow(&self, deed: Deed) {
        match deed {
            Deed::Disable => self.is_disabled(true),
            // The one action that ends no session: there is none.
            Deed::Enable => return self.is_disabled(false),
            Deed::MakeAdmin => self.is_admin(true),
            Deed::UnmakeAdmin => self.is_admin(false),
            Deed::EndSessions | Deed::Remove => {}
        }
        self.is_active(sessions(0), String::new());
    }

    fn is_disabled(&self, disabled: bool) {
        self.disabled.set(disabled);
        self.listed.row.part("is-disabled").show(disabled);
        self.words("disable", if disabled { "Enable" } else { "Disable" });
    }

    fn is_admin(&self, admin: bool) {
        self.admin.set(admin);
        self.listed.row.part("is-admin").show(admin);
        self.words("make-admin", if admin { "Take administrator away" } else { "Make administrator" });
    }

    fn is_active(&self, sessions: String, active: String) {
        self.listed.row.part("details").say(&in_pieces(&[self.since.clone(), sessions, active]));
    }

    fn words(&self, way: &str, words: &str) {
        self.listed.row.part(way).part("words").say(words);
    }
}

const OWN: &str = "own-user";
const OTHER: &str = "user";

fn sessions(number: i64) -> String {
    match number {
        0 => "not signed in".to_owned(),
        1 => "1 session".to_owned(),
        number => [&number.to_string(), " sessions"].concat(),
    }
}
