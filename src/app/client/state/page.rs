//! The state of the page, what is stored beside it, and the moves that all transitions use.

use crate::api_types::ApiError;
use crate::app::client::state::calls::{Call, NOBODY, Remedy, Session};
use crate::app::client::state::stamp::Stamp;
use crate::app::client::values::{Door, Effect, SignedIn, Timer, Why};

/// Who is signed in, and what the page does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The kept token is missing or damaged, as the error says. An open renewal will tell more.
    Unknown(ApiError),
    SignedOut(Why),
    /// As `SignedOut`, and the server has not answered yet.
    SigningOut(Why),
    SignedIn,
    /// As `SignedIn`, and a dialog has asked for the password since the session of this number.
    AskingAgain(u32),
}

/// Everything that this page knows.
pub struct Page {
    pub(super) state: State,
    pub(super) session: Session,
    /// The name of the user, as the server last told it.
    pub(super) name: Option<String>,
    pub(super) stamp: Stamp,
    /// The session in which the open renewal was sent.
    pub(super) renewal: Option<Session>,
    /// The session about which the page asks whose it is. Once another session has begun, that no longer matters.
    pub(super) asked: Option<u32>,
    /// Calls that are sent, or that wait for a remedy.
    pub(super) calls: Vec<Call>,
    pub(super) forms: Forms,
    /// Whether this page has shown data of the present user, so that there is something to lose.
    pub(super) in_use: bool,
    /// Whether the server saw the cookie of a live session when it rendered the page.
    pub(super) server_says: bool,
    /// The number of the last dialog.
    pub(super) dialog: u32,
    /// When the page last asked whether the session still lives, and whether it must ask again.
    pub(super) looked: f64,
    pub(super) look_due: bool,
    /// The last difference between the browser's two clocks.
    pub(super) apart: f64,
    /// The effects of the present event, in order.
    pub(super) effects: Vec<Effect>,
}

/// The forms that sign in. The answer to a renewal could overwrite the cookie of the sign-in.
pub struct Forms {
    /// Those that wait for the open renewal.
    pub waiting: Vec<u32>,
    /// The number of those that wait, or whose password is on its way: meanwhile no renewal is sent.
    pub open: u32,
    /// Whether a renewal waits for them. The wait ends after `PATIENCE`.
    pub hold_renewal: bool,
}

impl Page {
    pub const fn new() -> Self {
        Self {
            state: State::Unknown(ApiError::MissingToken),
            session: Session { user: 0, number: 0 },
            name: None,
            stamp: Stamp::new(),
            renewal: None,
            asked: None,
            calls: Vec::new(),
            forms: Forms { waiting: Vec::new(), open: 0, hold_renewal: false },
            in_use: false,
            server_says: false,
            dialog: 0,
            looked: f64::NEG_INFINITY,
            look_due: false,
            apart: f64::NAN,
            effects: Vec::new(),
        }
    }

    /// Returns who is signed in, for islands.
    pub fn signed_in(&self) -> SignedIn {
        match self.state {
            State::Unknown(_) => SignedIn::Unknown,
            State::SignedOut(why) | State::SigningOut(why) => SignedIn::No(why),
            State::SignedIn | State::AskingAgain(_) => SignedIn::Yes(self.session.user),
        }
    }

    /// Returns the number of the user, as in [`SignedIn::Yes`].
    pub fn user(&self) -> u32 {
        self.session.user
    }

    /// Returns the name of the user, if the server has told it.
    pub fn name(&self) -> Option<String> {
        self.name.clone()
    }

    pub fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    pub(super) fn is_signed_in(&self) -> bool {
        matches!(self.state, State::SignedIn | State::AskingAgain(_))
    }

    /// Adds an effect.
    pub(super) fn then(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Starts a session of a user who may be another one than before.
    pub(super) fn another_user(&mut self) {
        self.next(State::SignedIn);
    }

    /// Records that there is no session any more.
    pub(super) fn sign_out(&mut self, why: Why) {
        self.then(Effect::Forget);
        self.then(Effect::Unmark);
        self.next(State::SignedOut(why));
    }

    /// Ends what the user before has begun: it must not happen in the name of the next user.
    pub(super) fn next(&mut self, state: State) {
        let Session { user, number } = self.session;
        self.session = Session { user: user.wrapping_add(1), number: number.wrapping_add(1) };
        self.name = None;
        self.in_use = false;
        match self.state {
            State::AskingAgain(_) => self.then(Effect::CloseDialog),
            State::SigningOut(_) => self.give_up_logout(),
            _ => {}
        }
        self.state = state;
        self.fail(&|call| call.waits_for != Remedy::None);
        self.show();
    }

    /// Starts another session of the same user: no island changes.
    pub(super) fn next_session(&mut self) {
        self.session.number = self.session.number.wrapping_add(1);
    }

    /// Records that the password was typed, here or in another tab.
    pub(super) fn answer_dialog(&mut self) {
        self.state = State::SignedIn;
        self.then(Effect::CloseDialog);
        for call in &mut self.calls {
            if let Remedy::Password(_) | Remedy::Greeting = call.waits_for {
                call.session = self.session;
            }
        }
        self.go_on(&|call| matches!(call.waits_for, Remedy::Password(_) | Remedy::Greeting));
    }

    /// Sets the timer of the renewal again, for the present token.
    pub(super) fn resume(&mut self, now: f64) {
        let renewal_in = self.stamp.renewal_in(now);
        self.renew_in(renewal_in.filter(|_| self.is_signed_in()));
    }

    pub(super) fn renew_in(&mut self, milliseconds: Option<u32>) {
        if let Some(milliseconds) = milliseconds {
            self.then(Effect::SetTimer(Timer::Renewal, milliseconds));
        }
    }

    pub(super) fn give_up_logout(&mut self) {
        self.then(Effect::GiveUp(Door::Logout));
        self.then(Effect::StopTimer(Timer::LogoutPatience));
    }

    pub(super) fn show(&mut self) {
        let signed_in = self.signed_in();
        self.then(Effect::Show(signed_in));
    }

    /// Removes a call that is over.
    pub(super) fn forget_call(&mut self, id: u32) {
        if let Some(at) = self.calls.iter().position(|call| call.id == id) {
            self.calls.swap_remove(at);
        }
    }

    /// Lets these calls go on.
    pub(super) fn go_on(&mut self, which: &dyn Fn(&Call) -> bool) {
        self.settle(which, true);
    }

    /// Ends these calls, each with its error.
    pub(super) fn fail(&mut self, which: &dyn Fn(&Call) -> bool) {
        self.settle(which, false);
    }

    fn settle(&mut self, which: &dyn Fn(&Call) -> bool, goes_on: bool) {
        let effects = &mut self.effects;
        self.calls.retain_mut(|call| {
            if !which(call) {
                return true;
            }
            call.waits_for = Remedy::None;
            let awaited = call.id != NOBODY;
            if awaited {
                effects.push(if goes_on { Effect::Go(call.id) } else { Effect::Fail(call.id, call.error) });
            }
            awaited && goes_on
        });
    }
}
