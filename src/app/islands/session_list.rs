//! `/sessions`, the island: the list while a user is signed in, otherwise why none is.

use leptos::prelude::*;

use crate::api_types::{ApiError, SessionSummary};
use crate::app::client::{call, greet, server_now};
use crate::app::components::{SessionDoors, session_rows};
use crate::app::islands::awaited::Contents;
use crate::app::server_fns::{end_other_sessions, end_session, sessions};

#[island(lazy)]
pub fn SessionList() -> impl IntoView {
    Contents {
        get: || Box::pin(list()),
        show: |(sessions, now)| session_rows(sessions, now, DOORS),
        stamp_ends: || None,
    }
    .follow();
}

const DOORS: SessionDoors = SessionDoors {
    end: |id| Box::pin(async move { call(|| end_session(id.clone())).await }),
    end_others: || Box::pin(call(end_other_sessions)),
};

/// The sessions, and when the server listed them, in Unix seconds.
async fn list() -> Result<(Vec<SessionSummary>, i64), ApiError> {
    let now = server_now(&greet().await?);
    Ok((call(sessions).await?, now))
}
