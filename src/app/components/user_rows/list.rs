//! What changes in a list of users: a new search, more users, a removed user.

use std::cell::RefCell;
use std::rc::Rc;

use crate::api_types::{UserSummary, UsersAnswer};
use crate::app::components::dom::{focus_now, value};
use crate::app::components::piece::Piece;
use crate::app::components::sentences::trouble;
use crate::app::components::user_rows::doors::UserDoors;

/// The id of the search field.
pub const SEARCH: &str = "search";

/// The list.
pub struct List {
    pub contents: Piece,
    pub now: i64,
    pub doors: UserDoors,
    /// The search of this list, for the field may have changed since; and where the list goes on.
    end: RefCell<(String, Option<String>)>,
    /// The user that the dialog is about.
    pub removing: RefCell<Option<Listed>>,
    /// Returns the row of a user.
    row: fn(&Rc<Self>, UserSummary) -> Piece,
}

/// A user in the list.
#[derive(Clone)]
pub struct Listed {
    pub row: Piece,
    pub id: String,
    pub username: String,
}

impl List {
    /// Shows the first users, and what leads to others.
    pub fn fill(
        contents: &Piece,
        first: UsersAnswer,
        now: i64,
        doors: UserDoors,
        row: fn(&Rc<Self>, UserSummary) -> Piece,
    ) -> Rc<Self> {
        let (end, removing) = (RefCell::default(), RefCell::default());
        let list = Rc::new(Self { contents: contents.clone(), now, doors, end, removing, row });
        list.begin(String::new(), first);
        let (searched, continued) = (list.clone(), list.clone());
        contents.first("form").on("submit", move |event| {
            event.prevent_default();
            searched.search(value(SEARCH));
        });
        contents.part("more").on("click", move |_| continued.more());
        list
    }

    /// Finds users by a part of their name.
    fn search(self: &Rc<Self>, part: String) {
        let list = self.clone();
        self.get("search", part.clone(), String::new(), move |users| {
            let words = if users.users.is_empty() { "No user found." } else { "The list is updated." };
            list.contents.part("list-status").say(words);
            list.begin(part, users);
        });
    }

    /// Loads the next users, and adds them to the list.
    fn more(self: &Rc<Self>) {
        let list = self.clone();
        let asked = self.end.borrow().clone();
        self.get("more", asked.0.clone(), asked.1.clone().unwrap_or_default(), move |users| {
            // A newer search has been answered: these users belong to another list.
            if *list.end.borrow() != asked {
                return;
            }
            // The user reads on from there; the button may be gone.
            if let Some(first) = list.append(asked.0, users) {
                first.focus();
            }
        });
    }

    /// Takes a removed user out of the list.
    pub fn lose(&self, row: &Piece, why: &str) {
        row.remove();
        self.contents.part("list-status").say(why);
        focus_now(SEARCH);
    }

    /// Asks the server, once at a time for each of the two buttons.
    fn get(&self, button: &str, part: String, after: String, then: impl FnOnce(UsersAnswer) + 'static) {
        let problem = self.contents.part("list-problem");
        self.contents.part(button).ask(
            || (self.doors.list)(part, after),
            move |answer| {
                problem.complain(answer.as_ref().err().copied().map_or("", trouble));
                if let Ok(users) = answer {
                    then(users);
                }
            },
        );
    }

    fn begin(self: &Rc<Self>, searched: String, users: UsersAnswer) {
        let (list, none) = (self.contents.part("users"), users.users.is_empty());
        list.say("");
        list.show(!none);
        self.contents.part("none-found").show(none);
        self.append(searched, users);
    }

    /// Returns the first of the new rows.
    fn append(self: &Rc<Self>, searched: String, UsersAnswer { users, next }: UsersAnswer) -> Option<Piece> {
        let list = self.contents.part("users");
        let mut first = None;
        for user in users {
            let row = (self.row)(self, user);
            list.add(&row);
            first.get_or_insert(row);
        }
        self.contents.part("more").show(next.is_some());
        self.end.replace((searched, next));
        first
    }
}
