//! Lists security events: of the user's own account, of another account, or of all.

use super::actor::{Actor, ManageUserError, Target};
use super::authenticate::CurrentUser;
use crate::server::domain::ids::{EventId, UserId};
use crate::server::domain::security_event::SecurityEvent;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::events::Before;

/// The number of events on one page.
const PAGE: usize = 30;

/// One page of events, newest first.
#[derive(Clone, Debug)]
pub struct EventsPage {
    pub events: Vec<SecurityEvent>,
    /// Where the next page begins.
    pub older: Option<String>,
}

/// Returns events of the user's own account. `before`: empty, or the position from the page before.
///
/// # Errors
/// [`StoreError`].
pub async fn list_own_events(state: &AppState, user: &CurrentUser, before: &str) -> Result<EventsPage, StoreError> {
    page_of(state, Some(user.user_id), before).await
}

/// Returns events of all accounts, for administrators.
///
/// # Errors
/// [`StoreError`].
pub async fn list_events(state: &AppState, before: &str) -> Result<EventsPage, StoreError> {
    page_of(state, None, before).await
}

/// Returns events of one account, for an operator.
///
/// # Errors
/// [`ManageUserError`].
pub async fn list_events_of(state: &AppState, target: Target<'_>, before: &str) -> Result<EventsPage, ManageUserError> {
    let user = Actor::Operator.find(state, target).await?;
    Ok(page_of(state, Some(user.id), before).await?)
}

async fn page_of(state: &AppState, of: Option<UserId>, before: &str) -> Result<EventsPage, StoreError> {
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut events = state.store.list_events(of, &parse(before), limit).await?;
    let more = events.len() > PAGE;
    events.truncate(PAGE);
    let older = events.last().filter(|_| more).map(|last| format!("{}.{}", last.seq, last.id));
    Ok(EventsPage { events, older })
}

/// Parses the position from a page. Any other text means the newest event.
fn parse(before: &str) -> Before {
    let read = || {
        let (seq, id) = before.split_once('.')?;
        EventId::parse(id).ok()?;
        Some(Before { seq: seq.parse().ok()?, id: id.to_owned() })
    };
    read().unwrap_or(Before::NEWEST)
}
