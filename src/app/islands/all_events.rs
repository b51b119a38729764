//! `/admin/events`, the island: what happened to all accounts, for administrators.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::api_types::{ApiError, EventsAnswer};
use crate::app::client::{call, greet, server_now, signed_in};
use crate::app::components::{AdminHead, Asking, EventList, Later, ListAwaited, Parting};
use crate::app::islands::awaited::{Page, ask, first, follow};
use crate::app::server_fns::admin_events;

#[island(lazy)]
pub fn AllEvents() -> impl IntoView {
    let page = first();
    follow(page, get);
    move || match page.get() {
        Page::Awaited { .. } => EitherOf3::A(view! { <ListAwaited heading="Events"/> }),
        Page::There((events, now)) => EitherOf3::B(Later(view! {
            <AdminHead here="/admin/events" heading="Events" words="What happened to all accounts, newest first."/>
            <div class="card list"><EventList newest=events now named=true older/></div>
        })),
        Page::Without(why, _) => EitherOf3::C(Later(view! {
            <Parting
                why
                sign_in_to="Sign in to see what happened."
                not_arrived="The events did not arrive."
                again=move || ask(page, untrack(signed_in), get)
            />
        })),
    }
}

fn older(before: String) -> Asking<EventsAnswer> {
    Box::pin(async move { call(|| admin_events(before.clone())).await })
}

/// The newest events, and when the server listed them, in Unix seconds.
async fn get() -> Result<(EventsAnswer, i64), ApiError> {
    let now = server_now(&greet().await?);
    Ok((older(String::new()).await?, now))
}
