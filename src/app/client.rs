//! What this page knows about its user, and what islands can do: read who is signed in, call protected doors, and report
//! what the user did.
//!
//! | file | what it is |
//! |---|---|
//! | `values` | events and effects |
//! | `state` | the state machine: what follows from an event. Pure |
//! | `driver` | carries out the effects |
//! | `listeners` | what the browser reports, as events |
//! | `promise` | an outcome that is awaited |
//! | `signing_in` | what forms and passkeys report |
//! | `passkeys` | signs in with passkeys, and makes them |
//!
//! None of this is a permission: the server checks every call.

mod driver;
mod listeners;
mod passkeys;
mod promise;
mod signing_in;
mod state;
mod values;

use crate::api_types::GreetingAnswer;
use crate::app::browser::{clock, marker};
use crate::app::client::state::stamp;
use crate::app::client::values::{Event, Timer};

pub use crate::app::browser::storage::{token, works as can_keep};
pub use crate::app::browser::{Keep, StorageRefused};
pub use crate::app::client::driver::{Asked, LatePieces, before_sign_in, call, greet, signed_in};
pub use crate::app::client::passkeys::{
    Made, NotSignedIn, Wanted, Ways, add_passkey_quietly, make_passkey, offer_passkeys, offer_passkeys_again,
    passkeys_supported, sign_in_by_button, sign_in_by_passkey, tell_password_manager, withdraw_passkeys,
};
pub use crate::app::client::signing_in::{sign_in, sign_in_again, sign_in_refused};
pub use crate::app::client::state::dialog_step::DialogStep;
pub use crate::app::client::values::{SignedIn, Why};

/// Finds out who is signed in, then follows changes. Called once, when the program starts.
pub fn start(pieces: LatePieces) {
    driver::start(pieces);
    listeners::listen();
}

/// Reports that the dialog was cancelled, or cannot be shown.
pub fn dialog_closed(number: u32) {
    driver::send(Event::DialogClosed(number));
}

/// Forgets the token immediately, and asks the server to end the session.
pub fn sign_out() {
    driver::send(Event::SignOut);
}

/// Reports that the server has ended the session, as the user wanted.
pub fn ended(why: Why) {
    driver::send(Event::Ended(why));
}

/// Renews the token ahead of time: the session is more than its token says.
pub fn renew() {
    driver::send(Event::Due(Timer::Renewal));
}

/// Returns how long the browser must keep the present session.
#[must_use]
pub fn kept() -> Keep {
    marker::kept()
}

/// Returns the seconds until the token expires, rounded up.
#[must_use]
pub fn seconds_left() -> u64 {
    driver::known(|page| page.stamp().seconds_left(clock::now()))
}

/// Returns when the token expires, in Unix seconds of the server.
#[must_use]
pub fn valid_until() -> Option<i64> {
    driver::known(|page| page.stamp().valid_until())
}

/// Returns the server's time when it answered, in Unix seconds: the browser's own clock can be wrong.
#[must_use]
pub fn server_now(answer: &GreetingAnswer) -> i64 {
    stamp::server_time(answer.issued_at, answer.lifetime, answer.expires_in)
}
