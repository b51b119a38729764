//! The dialog: whose password it asks for, and why.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::client::{self, Asked, Why};
use crate::app::components::{
    Attempt, CURRENT, Flag, FormProblems, PasswordField, Problems, Purpose, Sight, close_dialog, input, open_dialog,
    sentences,
};

const DIALOG: &str = "sign-in-again";

/// Opens what [`Dialog`] has put into the document; `known` says whether it shows a name.
pub fn show(known: bool) {
    open_dialog(DIALOG);
    if let Some(field) = input(if known { "password" } else { "username" }) {
        // Fails only if the element cannot have the focus.
        let _ = field.focus();
    }
}

/// Closes it, if it is open.
pub fn close() {
    close_dialog(DIALOG);
}

#[component]
pub fn Dialog(asked: Asked) -> impl IntoView {
    let Asked { number, why, name, over } = asked;
    let (title, words, submit_words) = words(why);
    let known = name.is_some();
    let problems = Problems::none("sign-in-again-problems");
    let sight = Sight::hidden();
    let busy: Flag = RwSignal::new(None);

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked().is_some() {
            return;
        }
        sight.hide();
        let attempt = Attempt::read(Purpose::SignIn, client::kept());
        if !attempt.is_complete(problems) {
            return;
        }
        busy.set(Some("true"));
        let over = over.clone();
        spawn_local(async move {
            let keep = attempt.keep;
            let signed = attempt.send().await.and_then(|answer| Ok(client::sign_in_again(answer, keep, number)?));
            // The dialog is closed by now if the sign-in succeeded or the user cancelled.
            if let (Err(failure), false) = (signed, over.is_over()) {
                busy.set(None);
                failure.tell(problems);
            }
        });
    };

    view! {
        <dialog class="dialog" id=DIALOG aria-labelledby="dialog-title" aria-describedby="dialog-words" on:close=move |_| client::dialog_closed(number)>
            <form class="form" method="post" action="/api/login" novalidate aria-busy=busy on:submit=submit>
                <div>
                    <h2 id="dialog-title">{title}</h2>
                    <p class="lead" id="dialog-words">{words}</p>
                </div>
                <FormProblems problems/>
                <div class="field">
                    <label class="field__label" for="username">"Username"</label>
                    <input
                        class="field__input"
                        type="text"
                        id="username"
                        name="username"
                        autocomplete="username"
                        autocapitalize="none"
                        spellcheck="false"
                        value=name
                        readonly=known
                    />
                </div>
                <PasswordField kind=&CURRENT sight problem=problems.second/>
                <div class="dialog__ways">
                    <button class="button" type="button" on:click=|_| close()>"Cancel"</button>
                    <button class="button button--ink" type="submit" aria-busy=busy>
                        <span class="button__label">{submit_words}</span>
                    </button>
                </div>
            </form>
        </dialog>
    }
}

/// Returns the title, the sentence, and the words of the button.
const fn words(why: Option<Why>) -> (&'static str, &'static str, &'static str) {
    const GO_ON: &str = "Sign in again to go on where you were.";
    match why {
        None => ("Confirm that it is you.", "This needs your password once more.", "Confirm"),
        Some(Why::Revoked) => ("You were signed out from another device.", GO_ON, "Sign in"),
        Some(Why::Reused) => (sentences::ENDED_FOR_SAFETY, sentences::MAY_HAVE_A_COPY, "Sign in"),
        Some(Why::Expired) => ("Your session has expired.", GO_ON, "Sign in"),
        Some(_) => ("Your session is over.", GO_ON, "Sign in"),
    }
}
