//! The start of the page, coming back to it, and what other tabs do.

use std::mem;

use crate::api_types::ApiError;
use crate::app::browser::{Mark, Stored};
use crate::app::client::state::calls::{Remedy, reason};
use crate::app::client::state::page::{Page, State};
use crate::app::client::state::{renewal, signing};
use crate::app::client::values::{Effect, Moment, Timer, Why};

/// The shortest time between two questions whether the session still lives, in milliseconds.
const LOOK_EVERY: f64 = 1000.0;

/// Starts the page. What the browser keeps decides whether the server is asked; only the server knows the answer.
pub fn start(page: &mut Page, stored: Stored, server_says: bool, moment: Moment) {
    page.server_says = server_says;
    page.then(Effect::RememberMarker);
    let kept = match stored {
        Stored::Refused => {
            page.state = State::SignedOut(Why::StorageRefused);
            return page.show();
        }
        Stored::Token if moment.marker != Mark::SignedOut => {
            page.then(Effect::MarkIfUnmarked);
            return page.another_user();
        }
        // Another tab signed out: a token that this tab kept does not count. The head script sees it the same way.
        Stored::Token | Stored::Nothing => ApiError::MissingToken,
        Stored::Damaged => ApiError::InvalidToken,
    };
    page.then(Effect::Forget);
    if moment.marker == Mark::SignedOut {
        page.state = State::SignedOut(Why::NoToken);
        page.show();
        confirm_sign_out(page, moment);
    } else if moment.marker == Mark::Session || (stored == Stored::Nothing && server_says) {
        // A session without a token here: the page was opened in a new tab, or the form was sent without the program.
        page.state = State::Unknown(kept);
        renewal::send(page);
    } else {
        page.state = State::SignedOut(reason(kept, kept));
        page.show();
    }
}

/// Handles a return of the user or of the network: the session may have ended meanwhile.
pub fn look(page: &mut Page, moment: Moment) {
    match page.state {
        State::SignedOut(_) => confirm_sign_out(page, moment),
        State::SignedIn if !moment.hidden => {
            let wait = page.looked + LOOK_EVERY - moment.now;
            if wait <= 0.0 {
                page.looked = moment.now;
                page.then(Effect::AskGreeting(None));
            } else if !mem::replace(&mut page.look_due, true) {
                // One later question stands for all that came too soon after the last.
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a second at most")]
                page.then(Effect::SetTimer(Timer::Look, wait.ceil() as u32));
            }
        }
        _ => {}
    }
}

/// Asks the question that was put off.
pub fn look_again(page: &mut Page, moment: Moment) {
    page.look_due = false;
    look(page, moment);
}

/// Handles a tick. The clock that no user can set may stop while the computer sleeps, and the time left stops too. The
/// other clock goes on, right or wrong, and shows that. If a user sets that clock, the server is asked once too often.
pub fn tick(page: &mut Page, wall: f64, moment: Moment) {
    let apart = wall - moment.now;
    if (apart - mem::replace(&mut page.apart, apart)).abs() > LOOK_EVERY {
        look(page, moment);
    }
}

/// Handles a sign-in or sign-out in another tab.
pub fn follow(page: &mut Page, moment: Moment) {
    page.then(Effect::RememberMarker);
    if moment.marker != Mark::Session {
        if !matches!(page.state, State::SignedOut(_) | State::SigningOut(_)) {
            page.then(Effect::Forget);
            page.next(State::SignedOut(Why::SignedOutInAnotherTab));
        }
        return;
    }
    page.then(Effect::ForgetOwn);
    if page.is_signed_in() && page.name.is_some() {
        // The session may be of the same user. Then no island changes, and what was typed there stays.
        page.next_session();
        renewal::ask_whose(page);
    } else {
        page.another_user();
    }
}

/// Handles the greeting of a session that another tab has begun, or its failure.
pub fn whose_answered(page: &mut Page, session: u32, known: bool) {
    // Otherwise the answer is about an earlier session: another tab may have begun two, one after the other.
    if !page.is_signed_in() || session != page.session.number {
        return;
    }
    page.asked = None;
    match page.state {
        // It may be another user's, who must not see what stands here.
        _ if !known => page.another_user(),
        // The same user has typed the password in another tab. A dialog that was opened after that still asks.
        State::AskingAgain(since) if since != page.session.number => page.answer_dialog(),
        _ => page.go_on(&|call| call.waits_for == Remedy::Greeting),
    }
}

/// Handles the next token of another tab, in the storage that this tab reads.
pub fn token_written(page: &mut Page, moment: Moment) {
    if page.is_signed_in() {
        let renewal_in = page.stamp.begins_anew(moment.now);
        page.renew_in(renewal_in);
    }
}

/// Handles a cleared storage. The user stays signed in: no script can reach the cookie, and the session goes on with it.
pub fn storage_cleared(page: &mut Page, moment: Moment) {
    if page.is_signed_in() {
        page.then(Effect::RestoreMarker);
        look(page, moment);
    }
}

/// Sends again a sign-out that did not reach the server. If the server saw no session, there is none to end.
fn confirm_sign_out(page: &mut Page, moment: Moment) {
    if let State::SignedOut(why) = page.state
        && moment.marker == Mark::SignedOut
        && (page.server_says || why == Why::SignedOutUnconfirmed)
    {
        page.state = State::SigningOut(why);
        signing::tell_server(page);
    }
}
