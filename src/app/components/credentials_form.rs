//! The one form for a name and a password: to sign in, to make an account, to make the first account.
//!
//! Without the program, or before it has loaded, the browser posts this plain form itself. With the program, code sends it,
//! because the answer is a token to keep.

mod attempt;
mod purpose;

use js_sys::encode_uri_component;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::{ev, task::spawn_local};

use crate::api_types::ApiError;
use crate::app::client::{self, Keep};
use crate::app::components::dom::{FORM, Flag, NEXT, Words, input, set_value, value};
use crate::app::components::form_problems::{FormProblems, Problems};
use crate::app::components::in_browser::in_browser;
use crate::app::components::password_field::{PasswordField, Sight};
use crate::app::components::username_field::UsernameField;
use crate::app::next::{DASHBOARD, SECOND_FACTOR};
use crate::app::page_facts::PageFacts;
use attempt::CODE;
pub use attempt::{Attempt, Failure};
pub use purpose::Purpose;

#[component]
pub fn CredentialsForm(purpose: Purpose) -> impl IntoView {
    let words = purpose.words();
    let by_address = purpose == Purpose::SignIn && PageFacts::get().sends_mail;
    let label = if by_address { "Username or email address" } else { "Username" };
    let problems = Problems::none("problems");
    let sight = Sight::hidden();
    let busy: Flag = RwSignal::new(None);
    let status: Words = RwSignal::new("");
    let set_busy = move |now: bool| {
        busy.set(now.then_some("true"));
        status.set(if now { words.sending } else { "" });
    };

    in_browser(move || {
        remember_code();
        // The Back button may bring back the page as it was: still sending.
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
        let keep = keep_as_said();
        let attempt = Attempt::read(purpose, keep);
        if !attempt.is_complete(problems) {
            return;
        }
        set_busy(true);
        spawn_local(async move {
            let signed = attempt.send().await.and_then(|answer| Ok(client::sign_in(answer, keep)?));
            match signed {
                // It stays busy: the next page is about to load.
                Ok(()) => go_on(),
                Err(Failure::Refused(ApiError::SecondFactorRequired)) => go_to_second_factor(),
                Err(failure) => {
                    set_busy(false);
                    failure.tell(problems);
                }
            }
        });
    };

    view! {
        <form class="card form" id=FORM method="post" action=words.action novalidate aria-busy=busy on:submit=submit>
            <FormProblems problems/>
            <UsernameField problem=problems.first autocomplete=words.username label/>
            <PasswordField kind=words.password sight problem=problems.second/>
            <label class="check">
                <input class="check__box" type="checkbox" id=KEEP name="remember"/>
                <span>"Keep me signed in on this device"</span>
            </label>
            <input type="hidden" id=CODE name=words.code/>
            <button class="button button--ink button--wide" type="submit" aria-busy=busy>
                <span class="button__label">{words.submit}</span>
            </button>
            <p class="visually-hidden" role="status">{status}</p>
        </form>
    }
}

const KEEP: &str = "keep";

/// Keeps a setup or invitation code from behind the `#` of the address: a link to a part of the page would replace it there.
fn remember_code() {
    let hash = location().hash().unwrap_or_default();
    if let Some(code) = hash.strip_prefix('#').filter(|code| *code != "main") {
        set_value(CODE, code);
    }
}

/// Returns how long to keep the session, as the form says now.
pub fn keep_as_said() -> Keep {
    if input(KEEP).is_some_and(|keep| keep.checked()) { Keep::OnThisDevice } else { Keep::InThisTab }
}

/// Goes to the page that the server has written into the form (`next_field.rs`).
pub fn go_on() {
    let next = value(NEXT);
    go_to(if next.is_empty() { DASHBOARD } else { &next });
}

/// Goes to the second step of the sign-in, which leads on to the same page. The server keeps everything else that this form said.
fn go_to_second_factor() {
    let next = value(NEXT);
    let page = if next.is_empty() {
        SECOND_FACTOR.to_owned()
    } else {
        [SECOND_FACTOR, "?next=", &String::from(encode_uri_component(&next))].concat()
    };
    go_to(&page);
}

fn go_to(address: &str) {
    // Fails only for an invalid address; these are valid.
    let _ = location().assign(address);
}
