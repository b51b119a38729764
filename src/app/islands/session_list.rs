//! `/sessions`, the island: the list while a user is signed in, otherwise why none is.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::api_types::{ApiError, SessionSummary};
use crate::app::client::{call, greet, server_now, signed_in};
use crate::app::components::{Later, Parting, SessionRows, SessionsAwaited};
use crate::app::islands::awaited::{Page, ask, first, follow};
use crate::app::server_fns::{end_other_sessions, end_session, sessions};

#[island(lazy)]
pub fn SessionList() -> impl IntoView {
    let page = first();
    follow(page, list);
    move || match page.get() {
        Page::Awaited { .. } => EitherOf3::A(view! { <SessionsAwaited/> }),
        Page::There((sessions, now)) => EitherOf3::B(Later(view! {
            <SessionRows
                sessions
                now
                end=|id| Box::pin(async move { call(|| end_session(id.clone())).await })
                end_others=|| Box::pin(call(end_other_sessions))
            />
        })),
        Page::Without(why, _) => EitherOf3::C(Later(view! {
            <Parting
                why
                sign_in_to="Sign in to see where you are signed in."
                not_arrived="Your sessions did not arrive."
                again=move || ask(page, untrack(signed_in), list)
            />
        })),
    }
}

/// The sessions, and when the server listed them, in Unix seconds.
async fn list() -> Result<(Vec<SessionSummary>, i64), ApiError> {
    let now = server_now(&greet().await?);
    Ok((call(sessions).await?, now))
}
