//! `/admin`, the island: the users, for administrators.

use leptos::prelude::*;

use crate::api_types::{ApiError, UsersAnswer};
use crate::app::client::{call, greet, server_now};
use crate::app::components::{Asking, Deed, UserDoors, user_rows};
use crate::app::islands::awaited::Contents;
use crate::app::server_fns::{
    admin_disable_user, admin_enable_user, admin_end_sessions, admin_invite, admin_remove_user, admin_set_admin,
    admin_users,
};

#[island(lazy)]
pub fn UserList() -> impl IntoView {
    Contents {
        get: || Box::pin(get()),
        show: |(users, now)| user_rows(users, now, UserDoors { invite: || Box::pin(call(admin_invite)), list, act }),
        stamp_ends: || None,
    }
    .follow();
}

fn list(part: String, after: String) -> Asking<UsersAnswer> {
    Box::pin(async move { call(|| admin_users(part.clone(), after.clone())).await })
}

fn act(deed: Deed, id: String) -> Asking<()> {
    Box::pin(async move {
        let id = || id.clone();
        match deed {
            Deed::Disable => call(|| admin_disable_user(id())).await,
            Deed::Enable => call(|| admin_enable_user(id())).await,
            Deed::EndSessions => call(|| admin_end_sessions(id())).await,
            Deed::MakeAdmin => call(|| admin_set_admin(id(), true)).await,
            Deed::UnmakeAdmin => call(|| admin_set_admin(id(), false)).await,
            Deed::Remove => call(|| admin_remove_user(id())).await,
        }
    })
}

/// The first users, and when the server listed them, in Unix seconds.
async fn get() -> Result<(UsersAnswer, i64), ApiError> {
    let now = server_now(&greet().await?);
    Ok((list(String::new(), String::new()).await?, now))
}
