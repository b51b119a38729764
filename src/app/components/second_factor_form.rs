//! The form for a second factor: a code of an authenticator app, or a recovery code.
//!
//! The server writes it, and the browser can post it as it is. With the program, a lazy island sends it.

use leptos::prelude::*;

use crate::api_types::{ApiError, AskedFactors, PasswordInput, SignedInAnswer};
use crate::app::client::{self, Keep};
use crate::app::components::asking::Asking;
use crate::app::components::credentials_form::{Failure, go_on};
use crate::app::components::dom::{FORM, set_value, value};
use crate::app::components::form_problems::{FormProblems, Problems};
use crate::app::components::live_form::LiveForm;
use crate::app::components::piece::Piece;
use crate::app::components::sentences::{STORAGE_REFUSED, sentence};
use crate::app::server_fns;

/// The codes that the user has typed: of the app, and a recovery code. One of them is empty.
pub type Codes = (String, String);

/// What became of a sign-in: `false` if the browser does not keep its token.
pub type Kept = bool;

#[component]
pub fn SecondFactorFields(asked: AskedFactors) -> impl IntoView {
    let problems = Problems::none("second-factor-problems");
    let AskedFactors { totp, recovery_codes, kept, .. } = asked;
    let recovery_codes = recovery_codes > 0;
    let has_code = totp || recovery_codes;
    view! {
        <div id=PLACE data-keep=kept.then_some("on")>
            {has_code.then(|| view! {
                <form class="card form" id=FORM method="post" action="/api/second-factor" novalidate>
                    <FormProblems problems/>
                    {totp.then(|| view! { <TotpField autofocus=true/> })}
                    {recovery_codes.then(|| view! { <RecoveryField open=!totp/> })}
                    <button class="button button--ink button--wide" type="submit">
                        <span class="button__label">"Sign in"</span>
                    </button>
                </form>
            })}
        </div>
    }
}

/// The field for a code of an authenticator app.
#[component]
pub fn TotpField(#[prop(optional)] autofocus: bool) -> impl IntoView {
    view! {
        <div class="field">
            <label class="field__label" for=TOTP>"Six-digit code of your authenticator app"</label>
            <input
                class="field__input field__input--code"
                type="text"
                id=TOTP
                name=TOTP
                inputmode="numeric"
                autocomplete="one-time-code"
                spellcheck="false"
                autofocus=autofocus
            />
        </div>
    }
}

/// The field for a recovery code, closed until the user needs it.
#[component]
pub fn RecoveryField(#[prop(optional)] open: bool) -> impl IntoView {
    view! {
        <details class="other-way" open=open>
            <summary>"Use a recovery code instead"</summary>
            <div class="field">
                <label class="field__label" for=RECOVERY>"Recovery code"</label>
                <input
                    class="field__input field__input--code"
                    type="text"
                    id=RECOVERY
                    name=RECOVERY
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                />
            </div>
        </details>
    }
}

/// Makes the form of the page work.
pub fn answers_challenge(answer: fn(Codes, Keep) -> Asking<Kept>) {
    let (form, keep) = (LiveForm::inside(&Piece::with_id(PLACE), &[]), keep_as_asked());
    let asking = form.clone();
    form.on_submit(move || {
        let Some(codes) = typed_codes() else { return asking.say(&[ENTER_ONE]) };
        let form = asking.clone();
        asking.ask(|| answer(codes, keep), move |kept| tell(kept, &form));
    });
}

/// Returns how long to keep the session. The user said it with the password, on the page before; the server has kept it.
pub fn keep_as_asked() -> Keep {
    if Piece::with_id(PLACE).get("data-keep").is_empty() { Keep::InThisTab } else { Keep::OnThisDevice }
}

/// Asks the server. A session that this browser still has ends there: the new one replaces it.
pub async fn send_codes((totp, recovery_code): Codes, keep: Keep) -> Result<SignedInAnswer, Failure> {
    if !client::can_keep(keep) {
        return Err(Failure::StorageRefused);
    }
    let _turn = client::before_sign_in().await;
    let answer = server_fns::second_factor(PasswordInput(totp), PasswordInput(recovery_code), String::new()).await;
    if answer.is_err() {
        client::sign_in_refused();
    }
    Ok(answer?)
}

/// Returns what was typed, if it is in exactly one of the two fields.
pub fn typed_codes() -> Option<Codes> {
    let typed = |id| value(id).trim().to_owned();
    let codes = (typed(TOTP), typed(RECOVERY));
    (codes.0.is_empty() != codes.1.is_empty()).then_some(codes)
}

/// Shows the problem, or goes on to the next page. A wrong code must be typed again.
fn tell(answer: Result<Kept, ApiError>, form: &LiveForm) {
    match answer {
        Ok(true) => go_on(),
        Ok(false) => form.say(&[STORAGE_REFUSED]),
        Err(error) => {
            if error == ApiError::BadSecondFactor {
                set_value(TOTP, "");
            }
            form.say(&[sentence(error)]);
        }
    }
}

pub const ENTER_ONE: &str = "Enter the code of your app, or one recovery code.";

pub const TOTP: &str = "totp";
const RECOVERY: &str = "recovery_code";
const PLACE: &str = "second-factor";
