//! The dialog: whom it asks, and why. It takes a password, and then a second factor if the account has one; or a passkey alone.

use std::pin::Pin;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::{ApiError, AskedFactors, SignedInAnswer};
use crate::app::client::{self, Asked, DialogStep, NotSignedIn, Wanted, Why, passkeys_supported};
use crate::app::components::{
    Attempt, CURRENT, ENTER_ONE, Failure, Flag, FormProblems, PasswordField, Problems, Purpose, RecoveryField, Sight,
    TOTP, TotpField, USE_ANOTHER_WAY, UsernameField, close_dialog, focus, input, open_dialog, passkey_problem,
    send_codes, sentences, set_value, typed_codes,
};
use crate::app::islands::passkey_sign_in::sign_in_by_passkey;
use crate::app::server_fns::what_completes_sign_in;

const DIALOG: &str = "sign-in-again";
const PASSKEY: &str = "passkey";

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
    let problems = Problems::none("sign-in-again-problems");
    let sight = Sight::hidden();
    let busy: Flag = RwSignal::new(None);
    let step = Step::password();
    let (user, over_for_passkey) = (name.clone().unwrap_or_default(), over.clone());

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked().is_some() {
            return;
        }
        sight.hide();
        let keep = client::kept();
        let sending: Pin<Box<dyn Future<Output = Result<SignedInAnswer, Failure>>>> =
            if step.now() == DialogStep::SecondFactor {
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
                step.follow(failure, problems).await;
                busy.set(None);
            }
        });
    };

    let show_passkey = move |_| {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some("true"));
        problems.forget();
        let over = over_for_passkey.clone();
        let after_password = step.now() == DialogStep::SecondFactor;
        let wanted = Wanted { after_password, username: user.clone(), keep: client::kept(), dialog: Some(number) };
        spawn_local(async move {
            let signed = sign_in_by_passkey(wanted).await;
            if let (Err(why), false) = (signed, over.is_over()) {
                busy.set(None);
                step.follow_passkey(why, problems);
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
                <div class="form" hidden=step.password>
                    <UsernameField problem=problems.first autocomplete="username" label="Username" known=name/>
                    <PasswordField kind=&CURRENT sight problem=problems.second/>
                </div>
                <div class="form" hidden=step.totp>
                    <TotpField/>
                </div>
                <div class="form" hidden=step.recovery>
                    <RecoveryField/>
                </div>
                <button class="button button--wide" type="button" id=PASSKEY hidden=step.passkey on:click=show_passkey>
                    <span class="button__label">"Use a passkey"</span>
                </button>
                <div class="dialog__ways">
                    <button class="button" type="button" on:click=|_| close()>"Cancel"</button>
                    <button class="button button--ink" type="submit" hidden=step.submit aria-busy=busy>
                        <span class="button__label">{submit_words}</span>
                    </button>
                </div>
            </form>
        </dialog>
    }
}

/// What the dialog asks for: first the password, then what the account has as a second factor. Each is the attribute `hidden` of
/// its part.
#[derive(Clone, Copy)]
struct Step {
    password: Flag,
    totp: Flag,
    recovery: Flag,
    passkey: Flag,
    submit: Flag,
}

impl Step {
    fn password() -> Self {
        let step = Self {
            password: RwSignal::new(None),
            totp: RwSignal::new(None),
            recovery: RwSignal::new(None),
            passkey: RwSignal::new(None),
            submit: RwSignal::new(None),
        };
        step.ask_password();
        step
    }

    fn now(self) -> DialogStep {
        if self.password.get_untracked().is_some() { DialogStep::SecondFactor } else { DialogStep::Password }
    }

    fn ask_password(self) {
        self.show(true, [false, false, passkeys_supported(), true]);
    }

    /// Asks for what the account has.
    fn ask_second(self, AskedFactors { totp, passkeys, recovery_codes, .. }: AskedFactors, problems: Problems) {
        let (recovery, passkey) = (recovery_codes > 0, passkeys > 0 && passkeys_supported());
        self.show(false, [totp, recovery, passkey, totp || recovery]);
        problems.forget();
        match (totp, passkey) {
            (true, _) => focus(TOTP),
            (false, true) => focus(PASSKEY),
            // The account has passkeys, and the browser none. A recovery code may be left.
            (false, false) => problems.say(USE_ANOTHER_WAY, "", ""),
        }
    }

    /// After the password: the code, the recovery code, the passkey, and the button that sends what was typed.
    fn show(self, password: bool, [totp, recovery, passkey, submit]: [bool; 4]) {
        for (flag, shown) in [
            (self.password, password),
            (self.totp, totp),
            (self.recovery, recovery),
            (self.passkey, passkey),
            (self.submit, submit),
        ] {
            flag.set((!shown).then_some(""));
        }
    }

    /// Shows what the dialog asks for after a refusal, and the problem.
    async fn follow(self, failure: Failure, problems: Problems) {
        let Failure::Refused(error) = failure else { return failure.tell(problems) };
        if error == ApiError::BadSecondFactor {
            set_value(TOTP, "");
        }
        match self.now().after(error) {
            DialogStep::SecondFactor if self.now() == DialogStep::Password => match what_completes_sign_in().await {
                Ok(asked) => return self.ask_second(asked, problems),
                Err(error) => return Failure::Refused(error).tell(problems),
            },
            DialogStep::SecondFactor => {}
            DialogStep::Password => self.ask_password(),
        }
        failure.tell(problems);
    }

    fn follow_passkey(self, why: NotSignedIn, problems: Problems) {
        match why {
            NotSignedIn::Cancelled => {}
            NotSignedIn::Refused(error) if self.now().after(error) != self.now() => {
                self.ask_password();
                problems.say(sentences::sentence(error), "", "");
            }
            why => problems.say(passkey_problem(why), "", ""),
        }
    }
}

/// Returns the title, the sentence, and the words of the button.
const fn words(why: Option<Why>) -> (&'static str, &'static str, &'static str) {
    const GO_ON: &str = "Sign in again to go on where you were.";
    match why {
        None => ("Confirm that it is you.", "Sign in once more to do this.", "Confirm"),
        Some(Why::Revoked) => ("You were signed out from another device.", GO_ON, "Sign in"),
        Some(Why::Reused) => (sentences::ENDED_FOR_SAFETY, sentences::MAY_HAVE_A_COPY, "Sign in"),
        Some(Why::Expired) => ("Your session has expired.", GO_ON, "Sign in"),
        Some(_) => ("Your session is over.", GO_ON, "Sign in"),
    }
}
