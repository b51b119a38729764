//! The one form that asks for a name and a password: to sign in, to make an account, to make the first account.
//!
//! A plain form that would post by itself. It is sent by hand, as the answer is a token to keep.

mod attempt;
mod purpose;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::{ev, task::spawn_local};

use crate::app::components::dom::{Flag, Words, input};
use crate::app::components::form_problems::{FormProblems, Problems};
use crate::app::components::password_field::{PasswordField, Sight};
use crate::app::components::username_field::UsernameField;
use crate::app::token_storage::Keep;
use attempt::Attempt;
pub use purpose::Purpose;

#[component]
pub fn CredentialsForm(purpose: Purpose) -> impl IntoView {
    let words = purpose.words();
    let problems = Problems::none();
    let sight = Sight::hidden();
    let busy: Flag = RwSignal::new(None);
    let status: Words = RwSignal::new("");
    let set_busy = move |now: bool| {
        busy.set(now.then_some("true"));
        status.set(if now { words.sending } else { "" });
    };

    Effect::new(move || {
        remember_code();
        // The Back button may bring the page back as it was left: sending.
        let pageshow = window_event_listener(ev::pageshow, move |event| {
            if event.persisted() {
                set_busy(false);
            }
        });
        on_cleanup(move || pageshow.remove());
    });

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked().is_some() {
            return;
        }
        remember_code();
        sight.hide();
        let attempt = Attempt {
            purpose,
            username: value("username").trim().to_owned(),
            password: value("password"),
            keep: if input(KEEP).is_some_and(|keep| keep.checked()) { Keep::OnThisDevice } else { Keep::InThisTab },
            code: value(CODE),
        };
        if !attempt.is_complete(problems) {
            return;
        }
        set_busy(true);
        spawn_local(async move {
            match attempt.send().await {
                // Stays busy: the page is on its way out.
                Ok(()) => go_to_dashboard(),
                Err(failure) => {
                    set_busy(false);
                    if failure.forgets_password() {
                        set_value("password", "");
                    }
                    failure.tell(problems);
                }
            }
        });
    };

    view! {
        <form class="card form" method="post" action=words.action novalidate aria-busy=busy on:submit=submit>
            <FormProblems problems/>
            <UsernameField problem=problems.username/>
            <PasswordField
                autocomplete=words.password_autocomplete
                is_new=purpose.is_new()
                sight
                problem=problems.password
            />
            <label class="check">
                <input class="check__box" type="checkbox" id=KEEP checked/>
                <span>"Keep me signed in on this device"</span>
            </label>
            <input type="hidden" id=CODE name="code"/>
            <button class="button button--ink button--wide" type="submit" aria-busy=busy>
                <span class="button__label">{words.submit}</span>
            </button>
            <p class="visually-hidden" role="status">{status}</p>
        </form>
    }
}

const KEEP: &str = "keep";
const CODE: &str = "code";

/// The setup code stands behind the `#` of the address. Kept aside, as a link to a part of the page would replace it.
fn remember_code() {
    let hash = location().hash().unwrap_or_default();
    if let Some(code) = hash.strip_prefix('#').filter(|code| *code != "main") {
        set_value(CODE, code);
    }
}

fn go_to_dashboard() {
    // Fails for addresses that are none; this is one.
    let _ = location().assign("/dashboard");
}

fn value(id: &str) -> String {
    input(id).map(|input| input.value()).unwrap_or_default()
}

fn set_value(id: &str, value: &str) {
    if let Some(input) = input(id) {
        input.set_value(value);
    }
}
