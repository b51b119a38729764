//! `/admin/keys`, the island: the keys that sign and verify, for administrators.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::api_types::{ApiError, KeySummary};
use crate::app::client::{call, greet, server_now, signed_in};
use crate::app::components::{AdminHead, KeyRows, Later, ListAwaited, Parting};
use crate::app::islands::awaited::{Page, ask, first, follow};
use crate::app::server_fns::{admin_keys, admin_rotate_keys};

#[island(lazy)]
pub fn KeyList() -> impl IntoView {
    let page = first();
    follow(page, get);
    move || match page.get() {
        Page::Awaited { .. } => EitherOf3::A(view! { <ListAwaited heading="Keys"/> }),
        Page::There((keys, now)) => EitherOf3::B(Later(view! {
            <AdminHead here="/admin/keys" heading="Keys" words="The keys that sign the stamps and check them."/>
            <KeyRows keys now rotate=|| Box::pin(rotate())/>
        })),
        Page::Without(why, _) => EitherOf3::C(Later(view! {
            <Parting
                why
                sign_in_to="Sign in to see the keys."
                not_arrived="The keys did not arrive."
                again=move || ask(page, untrack(signed_in), get)
            />
        })),
    }
}

async fn rotate() -> Result<Vec<KeySummary>, ApiError> {
    call(admin_rotate_keys).await?;
    call(admin_keys).await
}

/// The keys, and when the server listed them, in Unix seconds.
async fn get() -> Result<(Vec<KeySummary>, i64), ApiError> {
    let now = server_now(&greet().await?);
    Ok((call(admin_keys).await?, now))
}
