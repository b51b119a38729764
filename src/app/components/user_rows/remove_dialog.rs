//! Removes a user for good: a dialog that names them.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::ApiError;
use crate::app::components::dom::{Flag, close_dialog};
use crate::app::components::form_problems::Problem;
use crate::app::components::sentences::trouble;
use crate::app::components::user_rows::deed::Deed;
use crate::app::components::user_rows::list::List;

/// Opens after [`List`] has named the user.
#[component]
pub fn RemoveDialog(list: List) -> impl IntoView {
    let busy: Flag = RwSignal::new(None);
    let problem = Problem::none();
    let remove = move |_| {
        let Some(listed) = list.removing.get_value().filter(|_| busy.get_untracked().is_none()) else { return };
        busy.set(Some("true"));
        spawn_local(async move {
            let removed = (list.doors.act)(Deed::Remove, listed.id.get_value()).await;
            // The page may show something else by now.
            if busy.try_set(None).is_some() {
                return;
            }
            match removed {
                // Another administrator has removed them already, as wanted.
                Ok(()) | Err(ApiError::NotFound) => {
                    close_dialog(DIALOG);
                    list.lose(listed, Deed::Remove.done());
                }
                Err(error) => problem.say(trouble(error)),
            }
        });
    };
    view! {
        <dialog
            class="dialog"
            id=DIALOG
            aria-labelledby="remove-title"
            aria-describedby="remove-words"
            on:close=move |_| problem.say("")
        >
            <div class="form">
                <div>
                    <h2 id="remove-title">"Remove " {list.to_remove} "?"</h2>
                    <p class="lead" id="remove-words">
                        "They are signed out everywhere, and the account is gone for good. To keep them out for a while, disable the account."
                    </p>
                </div>
                <p class="problems" role="alert" hidden=problem.hidden>{problem.words}</p>
                <div class="dialog__ways">
                    <button class="button" type="button" on:click=|_| close_dialog(DIALOG)>"Cancel"</button>
                    <button class="button button--bad" type="button" aria-busy=busy on:click=remove>
                        <span class="button__label">"Remove " {list.to_remove}</span>
                    </button>
                </div>
            </div>
        </dialog>
    }
}

pub const DIALOG: &str = "remove-user";
