//! Deletes the user's own account: a button, and a dialog that says what is lost and asks for the password.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::ApiError;
use crate::app::components::asking::Asking;
use crate::app::components::dom::{Flag, close_dialog, open_dialog, set_value, value};
use crate::app::components::form_problems::{FormProblems, Problems};
use crate::app::components::password_field::{CURRENT, Kind, PasswordField, Sight};
use crate::app::components::sentences::{ENTER_PASSWORD, trouble};

#[component]
pub fn DeleteAccount(
    username: String,
    /// Takes the password. When the account is deleted, the page shows something else.
    delete: fn(String) -> Asking<()>,
) -> impl IntoView {
    let problems = Problems::none("delete-problems");
    let sight = Sight::hidden();
    let busy: Flag = RwSignal::new(None);
    // However it was closed, the dialog is empty when it opens again.
    let closed = move |_| {
        set_value(PASSWORD.id, "");
        sight.hide();
        problems.forget();
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked().is_some() {
            return;
        }
        sight.hide();
        let password = value(PASSWORD.id);
        if password.is_empty() {
            return problems.say("", "", ENTER_PASSWORD);
        }
        busy.set(Some("true"));
        spawn_local(async move {
            let deleted = delete(password).await;
            if busy.try_set(None).is_some() {
                return;
            }
            match deleted {
                Ok(()) => close_dialog(DIALOG),
                Err(ApiError::BadCredentials) => {
                    set_value(PASSWORD.id, "");
                    problems.say("", "", "That is not your password.");
                }
                Err(error) if trouble(error).is_empty() => problems.forget(),
                Err(error) => problems.say(trouble(error), "", ""),
            }
        });
    };
    view! {
        <button class="button button--bad" type="button" on:click=|_| open_dialog(DIALOG)>"Delete your account"</button>
        <dialog
            class="dialog"
            id=DIALOG
            aria-labelledby="delete-title"
            aria-describedby="delete-words"
            on:close=closed
        >
            <form class="form" method="post" action="/api/delete-account" novalidate aria-busy=busy on:submit=submit>
                <div>
                    <h2 id="delete-title">"Delete the account " {username.clone()} "?"</h2>
                    <p class="lead" id="delete-words">
                        "You are signed out everywhere, and the account is gone for good. It cannot be restored."
                    </p>
                </div>
                <FormProblems problems/>
                // Tells password managers whose password it is.
                <input type="text" autocomplete="username" value=username readonly hidden/>
                <PasswordField kind=&PASSWORD sight problem=problems.second/>
                <div class="dialog__ways">
                    <button class="button" type="button" on:click=|_| close_dialog(DIALOG)>"Keep it"</button>
                    <button class="button button--bad" type="submit" aria-busy=busy>
                        <span class="button__label">"Delete"</span>
                    </button>
                </div>
            </form>
        </dialog>
    }
}

const DIALOG: &str = "delete-account";

const PASSWORD: Kind = Kind {
    label: "Your password",
    id: "delete-password",
    problem_id: "delete-password-problem",
    described_by: "delete-password-problem",
    ..CURRENT
};
