//! Tells users by mail what happened to their accounts. Every security event of a kind that is told comes here, whatever flow
//! recorded it.

use std::time::Duration;

use super::queue_mail::{about, mail_for};
use crate::server::domain::letter_words::notice;
use crate::server::domain::security_event::{EventKind, SecurityEvent};
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::mail_queue::NewMail;

/// Events that one look reads.
const BATCH: i64 = 100;

/// An older event is not told any more: the server did not send mail when it happened.
const NEWS: Duration = Duration::from_hours(24);

/// Queues a mail for each event that must be told. Of several processes on one store, one does it.
///
/// # Errors
/// [`StoreError`]; the rest is told next time.
pub async fn tell_events(state: &AppState) -> Result<(), StoreError> {
    for event in state.store.list_notices(BATCH).await? {
        let mail = mail_about(state, &event).await?;
        state.store.tell_notice(event.id, mail.as_ref()).await?;
    }
    Ok(())
}

async fn mail_about(state: &AppState, event: &SecurityEvent) -> Result<Option<NewMail>, StoreError> {
    if state.world.now() > event.at.plus(NEWS) {
        return Ok(None);
    }
    if event.kind == EventKind::SignedIn && !state.store.is_from_new_device(event).await? {
        return Ok(None);
    }
    let Some(address) = state.store.find_address(event.user_id).await? else { return Ok(None) };
    let letter = notice(about(state, &address, &event.username), event);
    Ok(letter.map(|letter| mail_for(state, event.user_id, &letter, None)))
}
