//! One user: their name, since when, how active; and what an administrator can do.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::{ApiError, UserSummary};
use crate::app::components::dom::{Flag, Words, open_dialog};
use crate::app::components::form_problems::Problem;
use crate::app::components::sentences::trouble;
use crate::app::components::time_words::{ago, day_and_clock, in_pieces};
use crate::app::components::user_rows::deed::Deed;
use crate::app::components::user_rows::list::{List, Listed, row_id};
use crate::app::components::user_rows::remove_dialog;

/// What changes in a row while it is shown.
#[derive(Clone, Copy)]
pub struct Row {
    list: List,
    listed: Listed,
    /// Each hides a mark.
    enabled: Flag,
    no_admin: Flag,
    details: RwSignal<String>,
    since: StoredValue<String>,
    disable: Words,
    make_admin: Words,
    said: Words,
    problem: Problem,
}

/// One row for each user.
pub fn rows(list: List, users: Vec<UserSummary>) -> impl IntoView {
    users.into_iter().map(move |user| row(list, user)).collect_view()
}

fn row(list: List, user: UserSummary) -> impl IntoView {
    let row = Row::of(list, &user);
    let id = row_id(&user);
    let own = user.own;
    let letter: String = user.username.chars().take(1).collect();
    let name = user.username.clone();
    let who = view! {
        <span class="letter" aria-hidden="true">{letter}</span>
        <span class="row__name">
            <span>{name}</span>
            <span class="pill pill--quiet" hidden=!own>"You"</span>
            <span class="pill pill--ink" hidden=row.no_admin>"Administrator"</span>
            <span class="pill pill--bad" hidden=row.enabled>"Disabled"</span>
        </span>
        <span class="row__details">{row.details}</span>
    };
    let (themselves, other) = if own { (Some(who), None) } else { (None, Some(who)) };
    view! {
        <li class="row user" id=id tabindex="-1" hidden=row.listed.gone>
            {themselves.map(|who| view! { <div class="user__who">{who}</div> })}
            {other.map(|who| view! {
                <details>
                    <summary class="user__who user__who--opens">{who}</summary>
                    {ways(row, user.username)}
                </details>
            })}
        </li>
    }
}

/// The buttons for another user. Each names the user, for those who cannot see its row.
fn ways(row: Row, username: String) -> impl IntoView {
    let whom = ["(", &username, ")"].concat();
    let way = |words: Words, deed: fn(Row) -> Deed| {
        let busy: Flag = RwSignal::new(None);
        view! {
            <button class="button button--small" type="button" aria-busy=busy on:click=move |_| row.act(deed(row), busy)>
                <span class="button__label">{words}<span class="visually-hidden">{whom.clone()}</span></span>
            </button>
        }
    };
    let disable = way(row.disable, Row::disable_or_enable);
    let end_sessions = way(RwSignal::new("End all sessions"), |_| Deed::EndSessions);
    let make_admin = way(row.make_admin, Row::make_or_unmake_admin);
    let remove = move |_| {
        row.list.to_remove.set(username.clone());
        row.list.removing.set_value(Some(row.listed));
        open_dialog(remove_dialog::DIALOG);
    };
    view! {
        <div class="user__ways">
            {disable}
            {end_sessions}
            {make_admin}
            <button class="button button--small button--bad" type="button" on:click=remove>
                "Remove…"<span class="visually-hidden">{whom}</span>
            </button>
        </div>
        <p class="user__said" role="status">{row.said}</p>
        <p class="field__problem user__said" role="alert" hidden=row.problem.hidden>{row.problem.words}</p>
    }
}

impl Row {
    fn of(list: List, user: &UserSummary) -> Self {
        let since = ["since ", &day_and_clock(user.created_at, list.now)].concat();
        let row = Self {
            list,
            listed: Listed { id: StoredValue::new(user.id.clone()), gone: RwSignal::new(None) },
            enabled: RwSignal::new(None),
            no_admin: RwSignal::new(None),
            details: RwSignal::new(String::new()),
            since: StoredValue::new(since),
            disable: RwSignal::new(""),
            make_admin: RwSignal::new(""),
            said: RwSignal::new(""),
            problem: Problem::none(),
        };
        row.is_disabled(user.disabled_at.is_some());
        row.is_admin(user.roles.iter().any(|role| role == "admin"));
        let active = user.last_used_at.map(|at| ["active ", &ago(at, list.now)].concat());
        row.is_active(&sessions(user.sessions), &active.unwrap_or_default());
        row
    }

    /// Asks the server, once at a time. Then shows what has changed, or why it failed.
    fn act(self, deed: Deed, busy: Flag) {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some("true"));
        self.said.set("");
        spawn_local(async move {
            let done = (self.list.doors.act)(deed, self.listed.id.get_value()).await;
            // The row, or the page, may be gone by now.
            if busy.try_set(None).is_some() {
                return;
            }
            match done {
                Ok(()) => {
                    self.problem.say("");
                    self.said.set(deed.done());
                    self.follow(deed);
                }
                Err(ApiError::NotFound) => self.list.lose(self.listed, "That account is gone already."),
                Err(error) => self.problem.say(trouble(error)),
            }
        });
    }

    fn follow(self, deed: Deed) {
        match deed {
            Deed::Disable => self.is_disabled(true),
            // The one action that ends no session: there is none.
            Deed::Enable => return self.is_disabled(false),
            Deed::MakeAdmin => self.is_admin(true),
            Deed::UnmakeAdmin => self.is_admin(false),
            Deed::EndSessions | Deed::Remove => {}
        }
        self.is_active(&sessions(0), "");
    }

    fn disable_or_enable(self) -> Deed {
        if self.enabled.get_untracked().is_some() { Deed::Disable } else { Deed::Enable }
    }

    fn make_or_unmake_admin(self) -> Deed {
        if self.no_admin.get_untracked().is_some() { Deed::MakeAdmin } else { Deed::UnmakeAdmin }
    }

    fn is_disabled(self, disabled: bool) {
        self.enabled.set((!disabled).then_some(""));
        self.disable.set(if disabled { "Enable" } else { "Disable" });
    }

    fn is_admin(self, admin: bool) {
        self.no_admin.set((!admin).then_some(""));
        self.make_admin.set(if admin { "Take administrator away" } else { "Make administrator" });
    }

    fn is_active(self, sessions: &str, active: &str) {
        self.details.set(in_pieces(&[self.since.get_value(), sessions.to_owned(), active.to_owned()]));
    }
}

fn sessions(number: i64) -> String {
    match number {
        0 => "not signed in".to_owned(),
        1 => "1 session".to_owned(),
        number => [&number.to_string(), " sessions"].concat(),
    }
}
