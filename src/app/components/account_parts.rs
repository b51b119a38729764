//! `/account` of a signed-in user: who they are, a new password, the second factor, what happened, and how to delete the
//! account.

use leptos::prelude::*;

use crate::api_types::{AccountAnswer, EmailAnswer, EventsAnswer, FactorsAnswer};
use crate::app::components::asking::Asking;
use crate::app::components::change_password::{ChangePassword, changes_password};
use crate::app::components::delete_account::{DeleteAccount, deletes_account};
use crate::app::components::dom::HEADING;
use crate::app::components::email_address::{EmailAddress, changes_email};
use crate::app::components::event_list::{EventList, EventTemplate, Events};
use crate::app::components::local_time::LocalTime;
use crate::app::components::passkey_list::{PasskeyDoors, PasskeyList, PasskeyTemplate, passkeys_inside};
use crate::app::components::piece::Piece;
use crate::app::components::second_factor_section::{SecondFactorSection, second_factor_section};
use crate::app::components::strength_meter::{Judge, StrengthTemplate};
use crate::app::components::visitor_card::in_words;
use crate::app::page_facts::PageFacts;

/// What the page can ask the server.
#[derive(Clone, Copy)]
pub struct AccountDoors {
    /// Current password, new password.
    pub change_password: fn(String, String) -> Asking<()>,
    pub judge_password: Judge,
    pub email: fn() -> Asking<EmailAnswer>,
    pub change_email: fn(String) -> Asking<()>,
    /// Makes the section of the second factors work.
    pub change_factors: fn(Piece),
    pub older_events: fn(String) -> Asking<EventsAnswer>,
    pub delete: fn(String) -> Asking<()>,
    pub passkeys: PasskeyDoors,
}

#[component]
pub fn AccountTemplates() -> impl IntoView {
    let email = PageFacts::get().sends_mail.then(|| {
        view! {
            <Section
                part="email"
                title="Email address"
                words="For a new password if you forget yours, for signing in, and for news about your account."
            >
                <EmailAddress/>
            </Section>
        }
    });
    view! {
        <template id=ACCOUNT>
            <div class="contents">
                <h1 id=HEADING tabindex="-1">"Your account"</h1>
                <Section part="facts" title="Who you are" words="As this server knows you.">
                    <dl class="facts">
                        <div class="facts__row"><dt>"Username"</dt><dd data-part="name"></dd></div>
                        <div class="facts__row"><dt>"Since"</dt><dd data-part="since"></dd></div>
                        <div class="facts__row"><dt>"Roles"</dt><dd data-part="roles"></dd></div>
                    </dl>
                    <a class="button button--small section__way" href="/sessions">"See where you are signed in"</a>
                </Section>
                <Section part="password" title="Password" words="Changing it ends all your other sessions.">
                    <ChangePassword/>
                </Section>
                {email}
                <Section part="second-factor" title="Second factor" words="What a sign-in asks for after your password.">
                    <SecondFactorSection/>
                </Section>
                <Section
                    part="own-passkeys"
                    title="Passkeys"
                    words="Sign in with your device instead of your password. If you add one, a sign-in with the password asks for it too."
                >
                    <PasskeyList/>
                </Section>
                <Section
                    part="happened"
                    title="What happened"
                    words="Sign-ins, failed tries and changes. If something here was not you, change your password."
                >
                    <EventList/>
                </Section>
                <Section
                    part="leave"
                    title="Leave"
                    words="Your name, your password and your sessions are removed from this server."
                >
                    <DeleteAccount/>
                </Section>
            </div>
        </template>
        <PasskeyTemplate/>
        <EventTemplate/>
        <StrengthTemplate/>
    }
}

/// Returns the account; `now` is by the server's clock, in Unix seconds.
pub fn account_parts(
    account: &AccountAnswer,
    factors: &FactorsAnswer,
    newest: EventsAnswer,
    now: i64,
    doors: AccountDoors,
) -> Piece {
    let AccountAnswer { username, roles, created_at, .. } = account;
    let all = Piece::copy_of(ACCOUNT);
    all.part("name").say(username);
    all.part("since").say(&LocalTime::of(*created_at).date());
    all.part("roles").say(&in_words(roles));
    changes_password(&all.part("password"), username, doors.change_password, doors.judge_password);
    changes_email(&all.part("email"), doors.email, doors.change_email);
    second_factor_section(&all.part("second-factor"), factors, doors.change_factors);
    passkeys_inside(&all.part("own-passkeys"), now, doors.passkeys);
    Events { now, named: false, older: doors.older_events }.fill(&all.part("happened"), newest);
    deletes_account(&all.part("leave"), username, doors.delete);
    all
}

const ACCOUNT: &str = "own-account";

/// A section: its subject on the left, its card on the right. Below each other on a phone.
#[component]
fn Section(part: &'static str, title: &'static str, words: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="section">
            <div class="section__words">
                <h2>{title}</h2>
                <p class="lead">{words}</p>
            </div>
            <div class="card section__card" data-part=part>{children()}</div>
        </section>
    }
}
