//! Deletes the user's own account: a button, and a dialog that says what is lost and asks for the password.

use leptos::prelude::*;

use crate::api_types::ApiError;
use crate::app::components::asking::Asking;
use crate::app::components::dom::{close_dialog, open_dialog, set_value, value};
use crate::app::components::form_problems::{FormProblems, Problems};
use crate::app::components::live_form::LiveForm;
use crate::app::components::password_field::{CURRENT, Kind, PasswordField, Sight};
use crate::app::components::piece::Piece;
use crate::app::components::sentences::{ENTER_PASSWORD, trouble};

/// Part of another template.
#[component]
pub fn DeleteAccount() -> impl IntoView {
    let problems = Problems::none("delete-problems");
    view! {
        <button class="button button--bad" type="button" data-part="delete">"Delete your account"</button>
        <dialog class="dialog" id=DIALOG aria-labelledby="delete-title" aria-describedby="delete-words" data-part="dialog">
            <form class="form" method="post" action="/api/delete-account" novalidate>
                <div>
                    <h2 id="delete-title">"Delete the account " <span data-part="whose"></span> "?"</h2>
                    <p class="lead" id="delete-words">
                        "You are signed out everywhere, and the account is gone for good. It cannot be restored."
                    </p>
                </div>
                <FormProblems problems/>
                // Tells password managers whose password it is.
                <input type="text" autocomplete="username" readonly hidden data-part="username"/>
                <PasswordField kind=&PASSWORD sight=Sight::hidden() problem=problems.first/>
                <div class="dialog__ways">
                    <button class="button" type="button" data-part="keep">"Keep it"</button>
                    <button class="button button--bad" type="submit">
                        <span class="button__label">"Delete"</span>
                    </button>
                </div>
            </form>
        </dialog>
    }
}

/// Makes the button and the dialog inside work. `delete` takes the password; after it, the page shows something else.
pub fn deletes_account(place: &Piece, username: &str, delete: fn(String) -> Asking<()>) {
    place.part("whose").say(username);
    place.part("username").set("value", username);
    place.part("delete").on("click", |_| open_dialog(DIALOG));
    place.part("keep").on("click", |_| close_dialog(DIALOG));
    let form = LiveForm::inside(place, &[&PASSWORD]);
    // However it was closed, the dialog is empty when it opens again.
    let closed = form.clone();
    place.part("dialog").on("close", move |_| {
        set_value(PASSWORD.id, "");
        closed.hide_passwords();
        closed.forget();
    });
    let sent = form.clone();
    form.on_submit(move || {
        let password = value(PASSWORD.id);
        if password.is_empty() {
            return sent.say(&["", ENTER_PASSWORD]);
        }
        let form = sent.clone();
        sent.ask(
            || delete(password),
            move |deleted| match deleted {
                Ok(()) => close_dialog(DIALOG),
                Err(ApiError::BadCredentials) => {
                    set_value(PASSWORD.id, "");
                    form.say(&["", "That is not your password."]);
                }
                Err(error) if trouble(error).is_empty() => form.forget(),
                Err(error) => form.say(&[trouble(error)]),
            },
        );
    });
}

const DIALOG: &str = "delete-account";

const PASSWORD: Kind = Kind {
    label: "Your password",
    id: "delete-password",
    problem_id: "delete-password-problem",
    described_by: "delete-password-problem",
    ..CURRENT
};
