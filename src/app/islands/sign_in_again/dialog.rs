//! The dialog: whose password it asks for, and why. If the account has a second factor, it asks for that next.

use std::pin::Pin;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::{ApiError, SignedInAnswer};
use crate::app::client::{self, Asked, Why};
use crate::app::components::{
    Attempt, CURRENT, ENTER_ONE, Failure, Flag, FormProblems, PasswordField, Problems, Purpose, RecoveryField, Sight,
    TOTP, TotpField, close_dialog, focus, input, open_dialog, send_codes, sentences, set_value, typed_codes,
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
    let step = Step::password();

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked().is_some() {
            return;
        }
        sight.hide();
        let keep = client::kept();
        let sending: Pin<Box<dyn Future<Output = Result<SignedInAnswer, Failure>>>> = if step.is_code() {
            let Some(codes) = typed_codes() else { return problems.say(ENTER_ONE, "", "") };
            Box::pin(send_codes(codes, keep))
        } else {
            let attempt = Attempt::read(Purpose::SignIn, keep);
            if !attempt.is_complete(problems) {
                return;
            }
            Box::pin(attempt.send())
        };
        busy.set(Some("true"));
        let over = over.clone();
        spawn_local(async move {
            let signed = sending.await.and_then(|answer| Ok(client::sign_in_again(answer, keep, number)?));
            // The dialog is closed by now if the sign-in succeeded or the user cancelled.
            if let (Err(failure), false) = (signed, over.is_over()) {
                busy.set(None);
                step.follow(failure, problems);
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
                <div class="form" hidden=step.password_hidden>
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
                </div>
                <div class="form" hidden=step.code_hidden>
                    <TotpField/>
                    <RecoveryField/>
                    <p class="lead">"No code? If you have a passkey, sign out, and sign in with it."</p>
                </div>
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

/// What the dialog asks for: first the password, then a code.
#[derive(Clone, Copy)]
struct Step {
    password_hidden: Flag,
    code_hidden: Flag,
}

impl Step {
    fn password() -> Self {
        Self { password_hidden: RwSignal::new(None), code_hidden: RwSignal::new(Some("")) }
    }

    fn is_code(self) -> bool {
        self.code_hidden.get_untracked().is_none()
    }

    fn ask(self, code: bool) {
        self.password_hidden.set(code.then_some(""));
        self.code_hidden.set((!code).then_some(""));
    }

    /// Asks for the code if the password was right, and for the password if the code came too late. Otherwise shows the problem.
    fn follow(self, failure: Failure, problems: Problems) {
        match failure {
            Failure::Refused(ApiError::SecondFactorRequired) => {
                problems.forget();
                self.ask(true);
                focus(TOTP);
                return;
            }
            Failure::Refused(ApiError::BadSecondFactor) => set_value(TOTP, ""),
            Failure::Refused(ApiError::ChallengeExpired) => self.ask(false),
            _ => {}
        }
        failure.tell(problems);
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
