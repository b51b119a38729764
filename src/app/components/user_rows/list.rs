//! What changes in a list of users: a new search, more users, a removed user.

use std::any::Any;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::{UserSummary, UsersAnswer};
use crate::app::components::dom::{Flag, Words, focus_now};
use crate::app::components::form_problems::Problem;
use crate::app::components::sentences::trouble;
use crate::app::components::user_rows::doors::UserDoors;

/// The id of the search field.
pub const SEARCH: &str = "search";

/// The id of the list.
pub const LIST: &str = "users";

/// The list.
#[derive(Clone, Copy)]
pub struct List {
    pub first: RwSignal<Vec<UserSummary>>,
    /// The pages after the first; each leaves the document when it is dropped.
    later: StoredValue<Vec<Box<dyn Any>>, LocalStorage>,
    /// The search of this list: the field may have changed since.
    searched: StoredValue<String>,
    next: StoredValue<String>,
    /// Each hides what does not apply.
    pub found: Flag,
    pub none_found: Flag,
    pub all_here: Flag,
    pub status: Words,
    /// Why no users came.
    pub problem: Problem,
    /// The user that the dialog is about.
    pub to_remove: RwSignal<String>,
    pub removing: StoredValue<Option<Listed>>,
    pub now: i64,
    pub doors: UserDoors,
}

/// A user in the list.
#[derive(Clone, Copy)]
pub struct Listed {
    pub id: StoredValue<String>,
    /// Hides the row.
    pub gone: Flag,
}

/// The id of a row in the document.
pub fn row_id(user: &UserSummary) -> String {
    ["user-", &user.id].concat()
}

impl List {
    pub fn of(users: UsersAnswer, now: i64, doors: UserDoors) -> Self {
        let list = Self {
            first: RwSignal::new(Vec::new()),
            later: StoredValue::new_local(Vec::new()),
            searched: StoredValue::new(String::new()),
            next: StoredValue::new(String::new()),
            found: RwSignal::new(None),
            none_found: RwSignal::new(None),
            all_here: RwSignal::new(None),
            status: RwSignal::new(""),
            problem: Problem::none(),
            to_remove: RwSignal::new(String::new()),
            removing: StoredValue::new(None),
            now,
            doors,
        };
        list.begin(users);
        list
    }

    /// Finds users by a part of their name.
    pub fn search(self, part: String, busy: Flag) {
        self.get(part.clone(), String::new(), busy, move |users| {
            self.searched.set_value(part);
            self.status.set(if users.users.is_empty() { "No user found." } else { "The list is updated." });
            self.begin(users);
        });
    }

    /// Loads the next users; `append` adds them to the list.
    pub fn more(self, busy: Flag, append: fn(Self, Vec<UserSummary>) -> Option<Box<dyn Any>>) {
        let end = move || (self.searched.get_value(), self.next.get_value());
        let asked = end();
        self.get(asked.0.clone(), asked.1.clone(), busy, move |UsersAnswer { users, next }| {
            // A newer search has been answered: these users belong to another list.
            if end() != asked {
                return;
            }
            self.goes_on(next);
            // The user reads on from there; the button may be gone.
            let first = users.first().map(row_id);
            if let Some(page) = append(self, users) {
                self.later.update_value(|later| later.push(page));
            }
            if let Some(first) = first {
                focus_now(&first);
            }
        });
    }

    /// Takes a removed user out of the list.
    pub fn lose(self, gone: Listed, why: &'static str) {
        gone.gone.set(Some(""));
        self.status.set(why);
        focus_now(SEARCH);
    }

    /// Asks the server, once at a time.
    fn get(self, part: String, after: String, busy: Flag, then: impl FnOnce(UsersAnswer) + 'static) {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some("true"));
        spawn_local(async move {
            let answer = (self.doors.list)(part, after).await;
            // The page may show something else by now.
            if busy.try_set(None).is_some() {
                return;
            }
            match answer {
                Ok(users) => {
                    self.problem.say("");
                    then(users);
                }
                Err(error) => self.problem.say(trouble(error)),
            }
        });
    }

    fn begin(self, UsersAnswer { users, next }: UsersAnswer) {
        self.later.set_value(Vec::new());
        self.found.set((!users.is_empty()).then_some(""));
        self.none_found.set(users.is_empty().then_some(""));
        self.goes_on(next);
        self.first.set(users);
    }

    fn goes_on(self, next: Option<String>) {
        self.all_here.set(next.is_none().then_some(""));
        self.next.set_value(next.unwrap_or_default());
    }
}
