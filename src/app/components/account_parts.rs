//! `/account` of a signed-in user: who they are, a new password, what happened, and how to delete the account.

use leptos::prelude::*;

use crate::api_types::{AccountAnswer, EventsAnswer};
use crate::app::components::asking::Asking;
use crate::app::components::change_password::ChangePassword;
use crate::app::components::delete_account::DeleteAccount;
use crate::app::components::dom::HEADING;
use crate::app::components::event_list::EventList;
use crate::app::components::local_time::LocalTime;
use crate::app::components::strength_meter::Judge;

/// What the page can ask the server.
#[derive(Clone, Copy)]
pub struct AccountDoors {
    /// Current password, new password.
    pub change_password: fn(String, String) -> Asking<()>,
    pub judge_password: Judge,
    pub older_events: fn(String) -> Asking<EventsAnswer>,
    pub delete: fn(String) -> Asking<()>,
}

#[component]
pub fn AccountParts(
    account: AccountAnswer,
    events: EventsAnswer,
    /// By the server's clock, in Unix seconds.
    now: i64,
    doors: AccountDoors,
) -> impl IntoView {
    let AccountAnswer { username, roles, created_at, .. } = account;
    let whose = username.clone();
    let roles = if roles.is_empty() { "none".to_owned() } else { roles.join(", ") };
    let facts = [("Username", username.clone()), ("Since", LocalTime::of(created_at).date()), ("Roles", roles)];
    let who_you_are = view! {
        <dl class="facts">
            {facts.map(|(name, fact)| view! { <div class="facts__row"><dt>{name}</dt><dd>{fact}</dd></div> })}
        </dl>
        <a class="button button--small section__way" href="/sessions">"See where you are signed in"</a>
    };
    let password = view! { <ChangePassword username=whose change=doors.change_password judge=doors.judge_password/> };
    let events = view! { <EventList newest=events now named=false older=doors.older_events/> };
    let delete = view! { <DeleteAccount username delete=doors.delete/> };
    view! {
        <h1 id=HEADING tabindex="-1">"Your account"</h1>
        {section("Who you are", "As this server knows you.", who_you_are)}
        {section("Password", "Changing it ends all your other sessions.", password)}
        {section("What happened", "Sign-ins, failed tries and changes. If something here was not you, change your password.", events)}
        {section("Leave", "Your name, your password and your sessions are removed from this server.", delete)}
    }
}

/// A section: its subject on the left, its card on the right. Below each other on a phone.
fn section(title: &'static str, words: &'static str, card: impl IntoView) -> impl IntoView {
    view! {
        <section class="section">
            <div class="section__words">
                <h2>{title}</h2>
                <p class="lead">{words}</p>
            </div>
            <div class="card section__card">{card}</div>
        </section>
    }
}
