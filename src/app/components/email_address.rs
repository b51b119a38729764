//! The email address of the account, and a form for another one. The address changes when the link in its mail is opened.

use leptos::prelude::*;

use crate::api_types::{ApiError, EmailAnswer};
use crate::app::components::asking::Asking;
use crate::app::components::dom::value;
use crate::app::components::field_problem::FieldProblem;
use crate::app::components::form_problems::{FormProblems, Problems};
use crate::app::components::live_form::LiveForm;
use crate::app::components::piece::Piece;
use crate::app::components::sentences::trouble;

/// Part of another template.
#[component]
pub fn EmailAddress() -> impl IntoView {
    let problems = Problems::none("email-problems");
    view! {
        <form class="form" method="post" action="/api/change-email" novalidate>
            <FormProblems problems/>
            <p class="notice notice--good" role="status" tabindex="-1" hidden data-part="sent">
                "Open the link in the mail to " <strong data-part="new"></strong> ". It works once, within 24 hours."
            </p>
            <p>"Your address: " <strong data-part="address">"…"</strong></p>
            <div class="field">
                <label class="field__label" for=FIELD>"New address"</label>
                <input
                    class="field__input"
                    type="email"
                    id=FIELD
                    name="email"
                    autocomplete="email"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-describedby="email-problem"
                />
                <FieldProblem id="email-problem" problem=problems.first/>
            </div>
            <button class="button button--ink" type="submit">
                <span class="button__label">"Send the link"</span>
            </button>
        </form>
    }
}

/// Asks for the address, and makes the form inside work; does nothing if the server sends no mail.
pub fn changes_email(place: &Piece, get: fn() -> Asking<EmailAnswer>, change: fn(String) -> Asking<()>) {
    if place.element().is_none() {
        return;
    }
    let address = place.part("address");
    address.ask(get, {
        let address = address.clone();
        move |answer| match answer {
            Ok(EmailAnswer { email }) => address.say(email.as_deref().unwrap_or(NONE)),
            Err(error) => address.say(trouble(error)),
        }
    });
    let form = LiveForm::inside(place, &[]);
    let (sent, done, new) = (form.clone(), place.part("sent"), place.part("new"));
    let (field, problem) = (place.first(&["#", FIELD].concat()), place.first("#email-problem"));
    let refuse = move |form: &LiveForm, words: &str| {
        problem.complain(words);
        if words.is_empty() {
            field.unset("aria-invalid");
        } else {
            field.set("aria-invalid", "true");
            form.say(&["", words]);
        }
    };
    form.on_submit(move || {
        done.show(false);
        refuse(&sent, "");
        let email = value(FIELD).trim().to_owned();
        if email.is_empty() {
            return refuse(&sent, NOT_ALLOWED);
        }
        let (form, done, new, refuse, asked) = (sent.clone(), done.clone(), new.clone(), refuse.clone(), email.clone());
        sent.ask(
            || change(email),
            move |changed| match changed {
                Ok(()) => {
                    form.forget();
                    new.say(&asked);
                    done.show(true);
                    // So that it is read aloud.
                    done.focus();
                }
                Err(ApiError::InvalidEmail) => refuse(&form, NOT_ALLOWED),
                Err(error) if trouble(error).is_empty() => form.forget(),
                Err(error) => form.say(&[trouble(error)]),
            },
        );
    });
}

const FIELD: &str = "new-email";
const NONE: &str = "none";
const NOT_ALLOWED: &str = "Enter an email address, like ada@example.org.";
