//! `/admin/events`, the island: what happened to all accounts, for administrators.

use leptos::prelude::*;

use crate::api_types::{ApiError, EventsAnswer};
use crate::app::client::{call, greet, server_now};
use crate::app::components::{Asking, all_events};
use crate::app::islands::awaited::Contents;
use crate::app::server_fns::admin_events;

#[island(lazy)]
pub fn AllEvents() -> impl IntoView {
    Contents { get: || Box::pin(get()), show: |(newest, now)| all_events(newest, now, older), stamp_ends: || None }
        .follow();
}

fn older(before: String) -> Asking<EventsAnswer> {
    Box::pin(async move { call(|| admin_events(before.clone())).await })
}

/// The newest events, and when the server listed them, in Unix seconds.
async fn get() -> Result<(EventsAnswer, i64), ApiError> {
    let now = server_now(&greet().await?);
    Ok((older(String::new()).await?, now))
}
