//! Makes a mail for the queue: the letter, encrypted.

use crate::server::domain::ids::{MailId, UserId};
use crate::server::domain::letter::{GIVE_UP_AFTER, Letter};
use crate::server::domain::letter_words::About;
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;
use crate::server::store::mail_queue::NewMail;

/// Makes the mail that carries this letter. It is due now. `useless_at`: when its link stops working, if it has one.
pub(super) fn mail_for(state: &AppState, user_id: UserId, letter: &Letter, useless_at: Option<UnixTime>) -> NewMail {
    let (id, now) = (MailId::from_random(state.world.random_bytes()), state.world.now());
    let sealed = state.mailer.key.seal(&letter.to_bytes(), &id.to_string(), state.world.random_bytes());
    let give_up_at = now.plus(GIVE_UP_AFTER);
    NewMail { id, user_id, sealed, due_at: now, give_up_at: useless_at.map_or(give_up_at, |at| at.min(give_up_at)) }
}

/// The account that a letter is about.
pub(super) fn about<'t>(state: &'t AppState, to: &'t str, username: &'t str) -> About<'t> {
    About { to, username, public_url: &state.config.public_url }
}
