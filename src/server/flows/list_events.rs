//! What happened: to one's own account, and to all of them.

use super::actor::{Actor, ManageUserError, Target};
use super::authenticate::CurrentUser;
use crate::server::domain::ids::{EventId, UserId};
use crate::server::domain::security_event::SecurityEvent;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::events::Before;

/// Events of one page.
const PAGE: usize = 30;

/// Events, newest first.
#[derive(Clone, Debug)]
pub struct EventsPage {
    pub events: Vec<SecurityEvent>,
    /// Where to go on.
    pub older: Option<String>,
}

/// What happened to one's own account. `before`: empty, or where the page before said to go on.
///
/// # Errors
/// [`StoreError`].
pub async fn list_own_events(state: &AppState, user: &CurrentUser, before: &str) -> Result<EventsPage, StoreError> {
    page_of(state, Some(user.user_id), before).await
}

/// What happened to all accounts, for administrators.
///
/// # Errors
/// [`StoreError`].
pub async fn list_events(state: &AppState, before: &str) -> Result<EventsPage, StoreError> {
    page_of(state, None, before).await
}

/// What happened to one account, for an operator.
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

/// Reads what a page before said; anything else begins with the newest.
fn parse(before: &str) -> Before {
    let read = || {
        let (seq, id) = before.split_once('.')?;
        EventId::parse(id).ok()?;
        Some(Before { seq: seq.parse().ok()?, id: id.to_owned() })
    };
    read().unwrap_or(Before::NEWEST)
}
