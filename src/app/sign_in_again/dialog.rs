//! The dialog: whose password, and why it is asked for.

use std::rc::Rc;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::ApiError;
use crate::app::components::{
    Attempt, CURRENT, Flag, FormProblems, PasswordField, Problems, Purpose, Sight, close_dialog, input, open_dialog,
    sentences,
};
use crate::app::joint::Run;
use crate::app::signed_in::{self, SignedIn, Why, signed_in};
use crate::app::{renewal, session_marker};

const DIALOG: &str = "sign-in-again";

/// Opens what [`Dialog`] has put into the document.
pub fn show() {
    open_dialog(DIALOG);
    if let Some(field) = input(if signed_in::name().is_some() { "password" } else { "username" }) {
        // Fails only where the element cannot be focused.
        let _ = field.focus();
    }
}

/// Closes it. Whoever has not finished its run before has cancelled it.
pub fn close() {
    close_dialog(DIALOG);
}

#[component]
pub fn Dialog(
    why: Option<Why>,
    /// Who is asked.
    asked: SignedIn,
    run: Rc<Run>,
) -> impl IntoView {
    let (title, words, submit_words) = words(why);
    let name = signed_in::name();
    let known = name.is_some();
    let problems = Problems::none("sign-in-again-problems");
    let sight = Sight::hidden();
    let busy: Flag = RwSignal::new(None);

    Effect::new(move || {
        // As in `show`, while it is open.
        if signed_in() != asked {
            close();
        }
    });

    let closed = {
        let run = run.clone();
        move |_| {
            // A sign-in may be under way that nobody waits for any more.
            renewal::resume();
            run.finish(Err(ApiError::MissingToken));
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked().is_some() {
            return;
        }
        sight.hide();
        let attempt = Attempt::read(Purpose::SignIn, session_marker::kept());
        if !attempt.is_complete(problems) {
            return;
        }
        busy.set(Some("true"));
        let run = run.clone();
        spawn_local(async move {
            let keep = attempt.keep;
            let signed = attempt.send().await.and_then(|answer| {
                // Cancelled meanwhile, the page has moved on; under another name it is another's.
                let same = known && !run.is_over();
                let kept =
                    if same { signed_in::sign_in_again(&answer, keep) } else { signed_in::sign_in(&answer, keep) };
                Ok(kept?)
            });
            if run.is_over() {
                return;
            }
            busy.set(None);
            match signed {
                Ok(()) => {
                    run.finish(Ok(()));
                    close();
                }
                Err(failure) => failure.tell(problems),
            }
        });
    };

    view! {
        <dialog class="dialog" id=DIALOG aria-labelledby="dialog-title" aria-describedby="dialog-words" on:close=closed>
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

/// Title, sentence, and the words of the button.
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
