//! Calls of protected doors, and the remedies for a refused call: a renewal of the token, then the password.

use crate::api_types::ApiError;
use crate::app::client::state::calls::{Call, NOBODY, Remedy, is_over, reason};
use crate::app::client::state::page::{Page, State};
use crate::app::client::values::{AGAIN, Door, Effect, Greeting, Keeping, Moment, PATIENCE, Renewed, Timer, Why};

pub fn call_begins(page: &mut Page, id: u32, moment: Moment) {
    if !page.is_signed_in() {
        return page.then(Effect::Fail(id, ApiError::MissingToken));
    }
    page.calls.push(Call::new(id, page.session));
    let at = page.calls.len() - 1;
    // Saves a call that would certainly fail.
    if !moment.token {
        renew(page, at, ApiError::MissingToken);
    } else if page.stamp.is_over(moment.now) {
        renew(page, at, ApiError::TokenExpired);
    } else {
        page.then(Effect::Go(id));
    }
}

pub fn call_refused(page: &mut Page, id: u32, error: ApiError) {
    let Some(at) = page.calls.iter().position(|call| call.id == id) else { return };
    let call = &page.calls[at];
    // The call of one user is not repeated for another.
    let same_user = call.session.user == page.session.user;
    let unclear = page.asked == Some(page.session.number) && call.session != page.session;
    match call.remedy(error) {
        Remedy::Renewal if same_user && unclear => {
            let call = &mut page.calls[at];
            call.error = error;
            call.renewed = true;
            call.waits_for = Remedy::Greeting;
        }
        Remedy::Renewal if same_user => renew(page, at, error),
        Remedy::Password(why) if same_user => ask_password(page, at, error, why),
        _ => {
            page.calls[at].error = error;
            page.fail(&|call| call.id == id);
        }
    }
}

/// Asks whose the present session is. The calls that wait for a token began before it: they wait for the answer.
pub fn ask_whose(page: &mut Page) {
    page.asked = Some(page.session.number);
    for call in &mut page.calls {
        if call.waits_for == Remedy::Renewal {
            call.waits_for = Remedy::Greeting;
        }
    }
    page.then(Effect::AskGreeting(page.asked));
}

/// Takes in what the server says about the user and the life of the token.
pub fn greeted(page: &mut Page, user: u32, greeting: Greeting, now: f64) {
    // Otherwise the answer is about an earlier user.
    if !page.is_signed_in() || user != page.session.user {
        return;
    }
    let Greeting { name, admin, issued_at, lifetime, expires_in } = greeting;
    let renewal_in = page.stamp.learn(issued_at, lifetime, expires_in, now);
    page.renew_in(Some(renewal_in));
    // Another name than before: this browser now belongs to another user.
    if page.name.as_ref().is_some_and(|before| *before != name) {
        page.another_user();
    }
    page.name = Some(name);
    page.then(Effect::ShowAdmin(admin));
}

/// Renews ahead of time, or finds out that there is nothing to renew. A page in the background waits.
pub fn due(page: &mut Page, moment: Moment) {
    if !page.is_signed_in() {
        return;
    }
    if moment.hidden {
        return page.renew_in(Some(AGAIN));
    }
    page.calls.push(Call::new(NOBODY, page.session));
    renew(page, page.calls.len() - 1, ApiError::TokenExpired);
}

/// Sends the refresh token, which is in the cookie. While a password is on its way, the renewal waits: its answer could
/// overwrite the cookie of the sign-in.
pub fn send(page: &mut Page) {
    if page.forms.open > 0 {
        if !std::mem::replace(&mut page.forms.hold_renewal, true) {
            page.then(Effect::SetTimer(Timer::RefreshPatience, PATIENCE));
        }
        return;
    }
    page.forms.hold_renewal = false;
    page.renewal = Some(page.session);
    page.then(Effect::Send(Door::Refresh));
    page.then(Effect::SetTimer(Timer::RefreshPatience, PATIENCE));
}

/// `token` says whether a token is kept that can be sent.
pub fn answered(page: &mut Page, answer: Result<Renewed, ApiError>, token: bool) {
    let Some(sent) = page.renewal.take() else { return };
    for id in std::mem::take(&mut page.forms.waiting) {
        page.then(Effect::Go(id));
    }
    if sent != page.session {
        return came_late(page, token);
    }
    match answer {
        Ok(Renewed { token, expires_in }) => {
            page.then(Effect::Keep(token, Keeping { expires_in, new: None }));
        }
        Err(error) if is_over(error) => session_is_over(page, error),
        Err(error) => failed(page, error),
    }
}

/// Handles a dialog that the user has cancelled, or that could not be shown.
pub fn dialog_closed(page: &mut Page, number: u32, now: f64) {
    if !matches!(page.state, State::AskingAgain(_)) || number != page.dialog {
        return;
    }
    if let Some(why) = over(page) {
        return page.sign_out(why);
    }
    page.state = State::SignedIn;
    page.then(Effect::CloseDialog);
    // A sign-in that was given up may have stopped the timer.
    page.resume(now);
    page.fail(&|call| matches!(call.waits_for, Remedy::Password(_)));
}

/// Handles a password that was refused. A session that is over cannot be renewed.
pub fn sign_in_refused(page: &mut Page, now: f64) {
    page.forms.open = page.forms.open.saturating_sub(1);
    if over(page).is_none() {
        page.resume(now);
    }
    if page.renewal.is_none() && is_awaited(page) {
        send(page);
    }
}

/// Handles the end of the wait for a renewal, or for a password that held it back.
pub fn patience_ends(page: &mut Page, moment: Moment) {
    if page.renewal.is_some() {
        page.then(Effect::GiveUp(Door::Refresh));
        return answered(page, Err(ApiError::Unreachable), moment.token);
    }
    page.forms.hold_renewal = false;
    if is_awaited(page) {
        page.forms.open = 0;
        send(page);
    }
}

/// Returns whether a call waits for a renewal.
fn is_awaited(page: &Page) -> bool {
    page.calls.iter().any(|call| call.waits_for == Remedy::Renewal)
}

/// Returns why the present session is over, if the dialog asks for the password because of that.
fn over(page: &Page) -> Option<Why> {
    page.calls.iter().find_map(|call| match call.waits_for {
        Remedy::Password(why) if call.session.number == page.session.number => why,
        _ => None,
    })
}

/// Lets a call wait for a renewal. All waiting calls share one.
fn renew(page: &mut Page, at: usize, error: ApiError) {
    let call = &mut page.calls[at];
    call.error = error;
    call.renewed = true;
    call.waits_for = Remedy::Renewal;
    if page.renewal.is_none() {
        send(page);
    }
}

/// Lets a call wait for the password. All waiting calls share one dialog.
fn ask_password(page: &mut Page, at: usize, error: ApiError, why: Option<Why>) {
    let call = &mut page.calls[at];
    call.error = error;
    call.asked = true;
    call.waits_for = Remedy::Password(why);
    if page.state == State::SignedIn {
        page.state = State::AskingAgain(page.session.number);
        page.dialog = page.dialog.wrapping_add(1);
        page.then(Effect::OpenDialog { number: page.dialog, why });
    }
}

/// Handles an answer about an earlier session. Calls of that session go on with the present token, if it is kept; all
/// others need a renewal of their own.
fn came_late(page: &mut Page, token: bool) {
    let present = page.session.number;
    page.go_on(&|call| call.waits_for == Remedy::Renewal && call.session.number != present && token);
    if is_awaited(page) {
        send(page);
    }
}

/// Handles a missing answer: the user stays signed in, and the page tries again later.
fn failed(page: &mut Page, error: ApiError) {
    if let State::Unknown(_) = page.state {
        // The next call that needs a token asks again.
        return page.another_user();
    }
    page.renew_in(Some(AGAIN));
    for call in &mut page.calls {
        if call.waits_for == Remedy::Renewal {
            call.error = error;
        }
    }
    page.fail(&|call| call.waits_for == Remedy::Renewal);
}

/// Ends the session. If the page is in use, its user can sign in again without leaving it.
fn session_is_over(page: &mut Page, error: ApiError) {
    if let State::Unknown(kept) = page.state {
        return page.sign_out(reason(kept, error));
    }
    for at in 0..page.calls.len() {
        let call = &page.calls[at];
        if call.waits_for == Remedy::Renewal {
            let (of_call, why) = (call.error, reason(call.error, error));
            if !page.in_use {
                return page.sign_out(why);
            }
            ask_password(page, at, of_call, Some(why));
        }
    }
}
