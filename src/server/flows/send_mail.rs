//! Sends the mails of the queue. One task of each process does it, so a mail server that does not answer delays no request.
//!
//! A process claims a mail, sends it, and removes it. If it crashes before it sends, another process takes the mail when the
//! claim ends. Only if it crashes between sending and removing, the mail is sent twice.

use std::time::Duration;

use tracing::{error, info, warn};

use crate::server::domain::letter::{LEASE, Letter, wait_after};
use crate::server::mailer::NotSent;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::mail_queue::ClaimedMail;

/// How often to look for mails that another process queued, and for events that are told by mail.
pub const LOOK_FOR_MAIL_EVERY: Duration = Duration::from_secs(5);

/// Mails that one look reads.
const BATCH: i64 = 100;

/// Sends the mails that are due. If the mail server cannot be reached, the rest waits for the next call. A stop of the
/// process ends it after the current mail.
///
/// # Errors
/// [`StoreError`].
pub async fn send_due_mails(state: &AppState) -> Result<(), StoreError> {
    for id in state.store.list_due_mails(state.world.now(), BATCH).await? {
        if *state.stopping.borrow() {
            break;
        }
        let now = state.world.now();
        let Some(mail) = state.store.claim_mail(id, now, now.plus(LEASE)).await? else { continue };
        if !send(state, &mail).await? {
            break;
        }
    }
    Ok(())
}

/// Sends one mail. `false`: the mail server cannot be reached.
async fn send(state: &AppState, mail: &ClaimedMail) -> Result<bool, StoreError> {
    let (id, user, tries) = (mail.id, mail.user_id, mail.tries);
    let opened = state.mailer.key.open(&mail.sealed, &id.to_string()).ok();
    let Some(letter) = opened.and_then(|bytes| Letter::from_bytes(&bytes)) else {
        // Encrypted with another JWT_SECRET, or of another version.
        error!(mail.id = %id, user.id = %user, "Gave up a mail: it cannot be decrypted");
        state.store.remove_mail(mail).await?;
        return Ok(true);
    };
    if state.world.now() >= mail.give_up_at {
        warn!(mail.id = %id, user.id = %user, tries, "Gave up a mail: it could not be sent in time");
        state.store.remove_mail(mail).await?;
        return Ok(true);
    }
    let sent = state.mailer.send(id, letter, state.world.now()).await;
    match sent {
        Ok(()) => {
            // At once: a crash before this sends it twice.
            state.store.remove_mail(mail).await?;
            info!(mail.id = %id, user.id = %user, tries, "Sent a mail");
        }
        Err(NotSent::Never(cause)) => {
            warn!(mail.id = %id, user.id = %user, tries, cause, "Gave up a mail: it cannot be sent");
            state.store.remove_mail(mail).await?;
        }
        Err(NotSent::Later(ref cause) | NotSent::Unreachable(ref cause)) => {
            let wait = wait_after(tries);
            warn!(mail.id = %id, user.id = %user, tries, cause, wait_s = wait.as_secs(), "A mail was not sent");
            state.store.postpone_mail(mail, state.world.now().plus(wait)).await?;
            return Ok(!matches!(sent, Err(NotSent::Unreachable(_))));
        }
    }
    Ok(true)
}
