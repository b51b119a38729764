//! Removes a user for good: a dialog that names them.

use std::rc::Rc;

use leptos::prelude::*;

use crate::api_types::ApiError;
use crate::app::components::dom::{close_dialog, open_dialog};
use crate::app::components::sentences::trouble;
use crate::app::components::user_rows::deed::Deed;
use crate::app::components::user_rows::list::{List, Listed};

/// Part of the list's template.
#[component]
pub fn RemoveDialog() -> impl IntoView {
    view! {
        <dialog class="dialog" id=DIALOG aria-labelledby="remove-title" aria-describedby="remove-words" data-part="dialog">
            <div class="form">
                <div>
                    <h2 id="remove-title">"Remove " <span data-part="to-remove"></span> "?"</h2>
                    <p class="lead" id="remove-words">
                        "They are signed out everywhere, and the account is gone for good. To keep them out for a while, disable the account."
                    </p>
                </div>
                <p class="problems" role="alert" hidden data-part="remove-problem"></p>
                <div class="dialog__ways">
                    <button class="button" type="button" data-part="keep">"Cancel"</button>
                    <button class="button button--bad" type="button" data-part="remove-now">
                        <span class="button__label">"Remove " <span data-part="remove-whom"></span></span>
                    </button>
                </div>
            </div>
        </dialog>
    }
}

/// Opens the dialog about this user.
pub fn ask_about(list: &List, user: Listed) {
    for name in ["to-remove", "remove-whom"] {
        list.contents.part(name).say(&user.username);
    }
    list.removing.replace(Some(user));
    open_dialog(DIALOG);
}

/// Makes the buttons work.
pub fn wake(list: &Rc<List>) {
    let problem = list.contents.part("remove-problem");
    let forgotten = problem.clone();
    list.contents.part("dialog").on("close", move |_| forgotten.complain(""));
    list.contents.part("keep").on("click", |_| close_dialog(DIALOG));
    let button = list.contents.part("remove-now");
    let (asks, list) = (button.clone(), list.clone());
    button.on("click", move |_| {
        let Some(Listed { row, id, .. }) = list.removing.borrow().clone() else { return };
        let (list, problem) = (list.clone(), problem.clone());
        let doors = list.doors;
        asks.ask(
            || (doors.act)(Deed::Remove, id),
            move |removed| match removed {
                // Another administrator has removed them already, as wanted.
                Ok(()) | Err(ApiError::NotFound) => {
                    close_dialog(DIALOG);
                    list.lose(&row, Deed::Remove.done());
                }
                Err(error) => problem.complain(trouble(error)),
            },
        );
    });
}

const DIALOG: &str = "remove-user";
