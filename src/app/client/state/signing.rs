//! Signing in and signing out.

use crate::api_types::ApiError;
use crate::app::client::state::calls::{Remedy, is_over};
use crate::app::client::state::page::{Page, State};
use crate::app::client::values::{Door, Effect, Keeping, PATIENCE, Timer, Why};

/// Prepares for a form that is about to send a password.
pub fn begins(page: &mut Page, id: u32) {
    // The new session replaces the old one. A sign-out that the browser has not sent yet would carry the new cookie, and
    // end the new session.
    if let State::SigningOut(_) = page.state {
        page.give_up_logout();
        logout_answered(page, Err(ApiError::Unreachable));
    }
    page.then(Effect::StopTimer(Timer::Renewal));
    page.forms.open += 1;
    if page.renewal.is_some() {
        page.forms.waiting.push(id);
    } else {
        page.then(Effect::Go(id));
    }
}

/// Takes in that the browser has kept a token, or refused to.
pub fn kept(page: &mut Page, keeping: Keeping, kept: bool, now: f64) {
    if !kept {
        return page.sign_out(Why::StorageRefused);
    }
    let renewal_in = page.stamp.lives(keeping.expires_in, now);
    page.renew_in(Some(renewal_in));
    let Some(new) = keeping.new else {
        page.then(Effect::MarkIfUnmarked);
        if let State::Unknown(_) = page.state {
            page.another_user();
        }
        return page.go_on(&|call| call.waits_for == Remedy::Renewal);
    };
    // After the token: a tab that learns of the session finds its token.
    page.then(Effect::Mark(new.keep));
    // A dialog with a name is answered by that user. A dialog that was cancelled before, or that had no name, may be
    // answered by another user.
    let in_dialog = matches!(page.state, State::AskingAgain(_)) && new.dialog == Some(page.dialog);
    if in_dialog && page.name.is_some() {
        page.next_session();
        page.answer_dialog();
        // They were held back while the password was on its way.
        if page.renewal.is_none() {
            page.go_on(&|call| call.waits_for == Remedy::Renewal);
        }
    } else {
        page.another_user();
    }
}

/// Signs the user out. The server's answer, whenever it comes, changes only the words.
pub fn leave(page: &mut Page) {
    if let State::SigningOut(_) = page.state {
        page.give_up_logout();
        page.state = State::SignedOut(Why::SignedOutUnconfirmed);
    }
    // Before the token is forgotten: the request needs it.
    tell_server(page);
    page.then(Effect::Forget);
    page.then(Effect::MarkSignedOut);
    page.next(State::SigningOut(Why::SigningOut));
}

/// Asks the server to end the session.
pub fn tell_server(page: &mut Page) {
    page.then(Effect::Send(Door::Logout));
    page.then(Effect::SetTimer(Timer::LogoutPatience, PATIENCE));
}

pub fn logout_answered(page: &mut Page, answer: Result<(), ApiError>) {
    let State::SigningOut(why) = page.state else { return };
    // An error about the token: the server does not know the session, or no longer does. That counts as signed out.
    let reached = answer.map_or_else(is_over, |()| true);
    if reached {
        page.then(Effect::UnmarkSignedOut);
    }
    let now = match why {
        Why::SigningOut | Why::SignedOutUnconfirmed if reached => Why::SignedOut,
        Why::SigningOut => Why::SignedOutUnconfirmed,
        // This page was opened signed out, or another tab signed out: there is nothing more to say.
        why => why,
    };
    page.state = State::SignedOut(now);
    if now != why {
        page.show();
    }
}
