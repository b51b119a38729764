//! `/admin/keys`, the island: the keys that sign and verify, for administrators.

use leptos::prelude::*;

use crate::api_types::{ApiError, KeySummary};
use crate::app::client::{call, greet, server_now};
use crate::app::components::key_rows;
use crate::app::islands::awaited::Contents;
use crate::app::server_fns::{admin_keys, admin_rotate_keys};

#[island(lazy)]
pub fn KeyList() -> impl IntoView {
    Contents {
        get: || Box::pin(get()),
        show: |(keys, now)| key_rows(keys, now, || Box::pin(rotate())),
        stamp_ends: || None,
    }
    .follow();
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
