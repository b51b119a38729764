//! Changes the password: asks for the current one, and judges the new one while the user types it.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::web_sys::HtmlFormElement;

use crate::api_types::ApiError;
use crate::app::components::asking::Asking;
use crate::app::components::dom::{Flag, focus, set_value, value};
use crate::app::components::form_problems::{FormProblems, Problems};
use crate::app::components::password_field::{CURRENT, Kind, NEW, PasswordField, Sight};
use crate::app::components::password_rule::{RuleWords, password_min_length, too_short};
use crate::app::components::sentences::{PASSWORD_TOO_COMMON, PASSWORD_TOO_LONG, trouble};
use crate::app::components::strength_meter::{Judge, StrengthMeter};

#[component]
pub fn ChangePassword(
    username: String,
    /// Current password, new password.
    change: fn(String, String) -> Asking<()>,
    judge: Judge,
) -> impl IntoView {
    let problems = Problems::none("change-problems");
    let (current_sight, new_sight) = (Sight::hidden(), Sight::hidden());
    let busy: Flag = RwSignal::new(None);
    let not_done: Flag = RwSignal::new(Some(""));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked().is_some() {
            return;
        }
        current_sight.hide();
        new_sight.hide();
        not_done.set(Some(""));
        let (current, new) = (value(OLD_ONE.id), value(NEW_ONE.id));
        if !is_complete(&current, &new, problems) {
            return;
        }
        busy.set(Some("true"));
        let form = event_target::<HtmlFormElement>(&event);
        spawn_local(async move {
            let changed = change(current, new).await;
            // The page may show something else by now.
            if busy.try_set(None).is_some() {
                return;
            }
            match changed {
                Ok(()) => {
                    form.reset();
                    problems.forget();
                    not_done.set(None);
                    focus(DONE);
                }
                Err(error) => tell(error, problems),
            }
        });
    };
    let name = username.clone();
    view! {
        <form class="form" method="post" action="/api/password" novalidate aria-busy=busy on:submit=submit>
            <FormProblems problems/>
            <p class="notice notice--good" id=DONE role="status" tabindex="-1" hidden=not_done>
                "Your password is changed. All your other sessions have ended; this one goes on."
            </p>
            // Tells password managers whose password it is.
            <input type="text" autocomplete="username" value=username readonly hidden/>
            <PasswordField kind=&OLD_ONE sight=current_sight problem=problems.first/>
            <div>
                <PasswordField kind=&NEW_ONE sight=new_sight problem=problems.second/>
                <div class="strength">
                    <RuleWords min_length=password_min_length()/>
                    <StrengthMeter field=NEW_ONE.id username=move || name.clone() judge/>
                </div>
            </div>
            <button class="button button--ink" type="submit" aria-busy=busy>
                <span class="button__label">"Change password"</span>
            </button>
        </form>
    }
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

/// Gets the focus when the password is changed, so that it is read aloud.
const DONE: &str = "password-changed";

/// Shows the problems that the browser can find before it asks the server. Returns true if there is none.
fn is_complete(current: &str, new: &str, problems: Problems) -> bool {
    let first = if current.is_empty() { "Enter your current password." } else { "" };
    let second = if new.is_empty() {
        "Enter a new password."
    } else if new.chars().count() < password_min_length() {
        too_short()
    } else {
        ""
    };
    let complete = first.is_empty() && second.is_empty();
    if !complete {
        problems.say("", first, second);
    }
    complete
}

/// Shows the problem at its field. What was typed stays, except a wrong password.
fn tell(error: ApiError, problems: Problems) {
    match error {
        ApiError::BadCredentials => {
            set_value(OLD_ONE.id, "");
            problems.say("", "That is not your current password.", "");
        }
        ApiError::PasswordTooShort => problems.say("", "", too_short()),
        ApiError::PasswordTooLong => problems.say("", "", PASSWORD_TOO_LONG),
        ApiError::PasswordTooCommon => problems.say("", "", PASSWORD_TOO_COMMON),
        error if trouble(error).is_empty() => problems.forget(),
        error => problems.say(trouble(error), "", ""),
    }
}
