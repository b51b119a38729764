//! Who is signed in on this page: one state machine. An event and its moment go in, effects come out.
//!
//! Pure: no DOM, no async, no clock, no signal. `driver.rs` carries out the effects and sends their answers back as events.
//!
//! | event | `Unknown` | `SignedOut` | `SigningOut` | `SignedIn` | `AskingAgain` |
//! |---|---|---|---|---|---|
//! | `Started` | any but `AskingAgain` | | | | |
//! | `CameBack`, `Tick`, `Due(Look)`, `MarkerWritten`: unchanged | | `SigningOut` if the marker says "out" and the server may not know | | asks for the greeting | |
//! | `StorageCleared` | | | | restores the marker, asks for the greeting | restores the marker |
//! | `SignOut` | `SigningOut` | `SigningOut` | `SigningOut` | `SigningOut` | `SigningOut` |
//! | `Ended` | `SignedOut` | `SignedOut` | `SignedOut` | `SignedOut` | `SignedOut` |
//! | `SignInBegins` | goes, or waits for the open renewal | the same | `SignedOut`; the same | the same | the same |
//! | `SignInRefused` | | | | sets the timer again | the same, unless the session is over |
//! | `SignInAnswered`, `Kept` | `SignedIn` | `SignedIn` | `SignedIn` | `SignedIn` | `SignedIn`, calls go on |
//! | `Kept`: refused | `SignedOut` | `SignedOut` | `SignedOut` | `SignedOut` | `SignedOut` |
//! | `DialogClosed` | | | | | `SignedIn`; `SignedOut` if the session is over |
//! | `CallBegins` | fails | fails | fails | goes, or renews | goes, or renews |
//! | `CallRefused` | fails | fails | fails | renews, or `AskingAgain`, or waits, or fails | renews, or waits, or fails |
//! | `Greeted` | | | | learns; another name: the next user's `SignedIn` | the same |
//! | `WhoseAnswered` | | | | unknown: the next user's `SignedIn`; known: calls go on | the same; known: `SignedIn`, calls go on |
//! | `MarkerWritten`: session | `SignedIn` | `SignedIn` | `SignedIn` | asks whose it is; name not known: the next user's `SignedIn` | the same |
//! | `MarkerWritten`: none | `SignedOut` | | | `SignedOut` | `SignedOut` |
//! | `TokenWritten` | | | | sets the timer again | sets the timer again |
//! | `Due(Renewal)` | | | | renews | renews |
//! | `RenewalAnswered`: token | `SignedIn` | | | calls go on | calls go on |
//! | `RenewalAnswered`: refused | `SignedOut` | | | `AskingAgain`; `SignedOut` if nothing was shown | calls wait |
//! | `RenewalAnswered`: no answer | `SignedIn` | | | calls fail | calls fail |
//! | `LogoutAnswered` | | | `SignedOut` | | |
//!
//! A renewal is no state: it can run in any of them. [`Page::renewal`](page::Page) names the session in which it was sent.
//! If its answer comes in another session, the answer changes no state: calls of the present session that wait for it send
//! a renewal of their own. While the page asks whose a new session is, calls that began before it wait. While a password
//! is on its way, a renewal waits for the answer. A refresh or a sign-out without an answer within `PATIENCE` is aborted
//! and counts as not answered; a renewal waits no longer than that for a password. Without an answer the user stays signed
//! in.
//!
//! Arrows go down: `tabs` (the start, coming back, other tabs) → `signing` (in and out) and `renewal` (calls, the renewal,
//! the dialog) → `page` (the state and the moves that all others use) → `calls`, `stamp`.
//! `passkey` (the autofill) and `dialog_step` (password, then second factor) are small machines of their own.

mod calls;
pub mod dialog_step;
pub mod page;
pub mod passkey;
mod renewal;
mod signing;
pub mod stamp;
mod tabs;

use std::mem;

use crate::api_types::ApiError;
use crate::app::browser::Mark;
use crate::app::client::state::page::Page;
use crate::app::client::values::{Door, Effect, Event, Keeping, Moment, NewSession, Timer};

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;

/// Handles one event, and returns the effects in order.
pub fn step(page: &mut Page, event: Event, moment: Moment) -> Vec<Effect> {
    match event {
        Event::Started { stored, server_says } => tabs::start(page, stored, server_says, moment),
        Event::Due(Timer::Look) => tabs::look_again(page, moment),
        Event::Tick(wall) => tabs::tick(page, wall, moment),
        Event::MarkerWritten if moment.marker_changed => tabs::follow(page, moment),
        // The marker has not changed: the page came out of the browser's memory, and may have slept.
        Event::CameBack | Event::MarkerWritten => tabs::look(page, moment),
        Event::TokenWritten => tabs::token_written(page, moment),
        Event::StorageCleared => tabs::storage_cleared(page, moment),
        Event::WhoseAnswered { session, known } => tabs::whose_answered(page, session, known),

        Event::SignInBegins(id) => signing::begins(page, id),
        Event::SignInRefused => renewal::sign_in_refused(page, moment.now),
        Event::SignInAnswered { token, expires_in, keep, dialog } => {
            page.forms.open = page.forms.open.saturating_sub(1);
            let new = Some(NewSession { keep, dialog });
            page.then(Effect::Keep(token, Keeping { expires_in, new }));
        }
        Event::Kept(keeping, kept) => signing::kept(page, keeping, kept, moment.now),
        Event::SignOut => signing::leave(page),
        Event::Ended(why) => page.sign_out(why),
        Event::LogoutAnswered(answer) => {
            page.then(Effect::StopTimer(Timer::LogoutPatience));
            signing::logout_answered(page, answer);
        }
        Event::Due(Timer::LogoutPatience) => {
            page.then(Effect::GiveUp(Door::Logout));
            signing::logout_answered(page, Err(ApiError::Unreachable));
        }

        Event::CallBegins(id) => renewal::call_begins(page, id, moment),
        Event::CallAnswered(id) => {
            let user = page.session.user;
            page.in_use |= page.calls.iter().any(|call| call.id == id && call.session.user == user);
            page.forget_call(id);
        }
        Event::CallRefused(id, error) => renewal::call_refused(page, id, error),
        Event::Greeted { user, greeting } => renewal::greeted(page, user, greeting, moment.now),
        Event::DialogClosed(number) => renewal::dialog_closed(page, number, moment.now),
        Event::Due(Timer::Renewal) => renewal::due(page, moment),
        Event::RenewalAnswered(answer) => {
            // Another tab has signed in, and its event has not arrived yet: this answer is about the session before.
            if moment.marker_changed && moment.marker == Mark::Session {
                tabs::follow(page, moment);
            }
            page.then(Effect::StopTimer(Timer::RefreshPatience));
            renewal::answered(page, answer, moment.token);
        }
        Event::Due(Timer::RefreshPatience) => renewal::patience_ends(page, moment),
    }
    mem::take(&mut page.effects)
}
