//! Changes the password: asks for the current one, and judges the new one while the user types it.

use leptos::prelude::*;
use leptos::web_sys::{HtmlFormElement, wasm_bindgen::JsCast};

use crate::api_types::ApiError;
use crate::app::components::asking::Asking;
use crate::app::components::dom::{set_value, value};
use crate::app::components::form_problems::{FormProblems, Problems};
use crate::app::components::live_form::LiveForm;
use crate::app::components::password_field::{CURRENT, Kind, NEW, PasswordField, Sight};
use crate::app::components::password_rule::{RuleWords, password_min_length};
use crate::app::components::piece::Piece;
use crate::app::components::sentences::{PASSWORD_TOO_COMMON, PASSWORD_TOO_LONG, trouble, use_at_least};
use crate::app::components::strength_meter::{Judge, measure};
use crate::app::page_facts::PageFacts;

/// Part of another template.
#[component]
pub fn ChangePassword() -> impl IntoView {
    let problems = Problems::none("change-problems");
    let sight = Sight::hidden();
    view! {
        <form class="form" method="post" action="/api/password" novalidate>
            <FormProblems problems/>
            <p class="notice notice--good" role="status" tabindex="-1" hidden data-part="done">
                "Your password is changed. All your other sessions have ended; this one goes on."
            </p>
            // Tells password managers whose password it is.
            <input type="text" autocomplete="username" readonly hidden data-part="username"/>
            <PasswordField kind=&OLD_ONE sight problem=problems.first/>
            <div>
                <PasswordField kind=&NEW_ONE sight problem=problems.second/>
                <div class="strength" data-part="strength">
                    <RuleWords min_length=PageFacts::get().password_min_length/>
                </div>
            </div>
            <button class="button button--ink" type="submit">
                <span class="button__label">"Change password"</span>
            </button>
        </form>
    }
}

/// Makes the form inside work. `change` takes the current password and the new one.
pub fn changes_password(place: &Piece, username: &str, change: fn(String, String) -> Asking<()>, judge: Judge) {
    place.part("username").set("value", username);
    let name = username.to_owned();
    measure(&place.part("strength"), NEW_ONE.id, move || name.clone(), judge);
    let form = LiveForm::inside(place, &[&OLD_ONE, &NEW_ONE]);
    let (sent, done, fields) = (form.clone(), place.part("done"), place.first("form"));
    form.on_submit(move || {
        done.show(false);
        let (current, new) = (value(OLD_ONE.id), value(NEW_ONE.id));
        if !is_complete(&current, &new, &sent) {
            return;
        }
        let (form, done, fields) = (sent.clone(), done.clone(), fields.clone());
        sent.ask(
            || change(current, new),
            move |changed| match changed {
                Ok(()) => {
                    if let Some(fields) = fields.element() {
                        fields.unchecked_ref::<HtmlFormElement>().reset();
                    }
                    form.forget();
                    done.show(true);
                    // So that it is read aloud.
                    done.focus();
                }
                Err(error) => tell(error, &form),
            },
        );
    });
}

const OLD_ONE: Kind = Kind {
    label: "Current password",
    id: "current-password",
    problem_id: "current-password-problem",
    described_by: "current-password-problem",
    ..CURRENT
};

const NEW_ONE: Kind = Kind {
    label: "New password",
    id: "new-password",
    problem_id: "new-password-problem",
    described_by: "password-rule new-password-problem",
    // The rule is below it, with the judgement.
    is_new: false,
    ..NEW
};

/// Shows the problems that the browser can find before it asks the server. Returns true if there is none.
fn is_complete(current: &str, new: &str, form: &LiveForm) -> bool {
    let first = if current.is_empty() { "Enter your current password." } else { "" };
    let second = if new.is_empty() {
        "Enter a new password.".to_owned()
    } else if new.chars().count() < password_min_length() {
        too_short()
    } else {
        String::new()
    };
    let complete = first.is_empty() && second.is_empty();
    if !complete {
        form.say(&["", first, &second]);
    }
    complete
}

/// Shows the problem at its field. What was typed stays, except a wrong password.
fn tell(error: ApiError, form: &LiveForm) {
    match error {
        ApiError::BadCredentials => {
            set_value(OLD_ONE.id, "");
            form.say(&["", "That is not your current password."]);
        }
        ApiError::PasswordTooShort => form.say(&["", "", &too_short()]),
        ApiError::PasswordTooLong => form.say(&["", "", PASSWORD_TOO_LONG]),
        ApiError::PasswordTooCommon => form.say(&["", "", PASSWORD_TOO_COMMON]),
        error if trouble(error).is_empty() => form.forget(),
        error => form.say(&[trouble(error)]),
    }
}

fn too_short() -> String {
    use_at_least(password_min_length())
}
