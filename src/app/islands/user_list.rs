//! `/admin`, the island: the users, for administrators.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::api_types::{ApiError, UsersAnswer};
use crate::app::client::{call, greet, server_now, signed_in};
use crate::app::components::{AdminHead, Asking, Deed, Invitation, Later, ListAwaited, Parting, UserDoors, UserRows};
use crate::app::islands::awaited::{Page, ask, first, follow};
use crate::app::server_fns::{
    admin_disable_user, admin_enable_user, admin_end_sessions, admin_invite, admin_remove_user, admin_set_admin,
    admin_users,
};

#[island(lazy)]
pub fn UserList() -> impl IntoView {
    let page = first();
    follow(page, get);
    move || match page.get() {
        Page::Awaited { .. } => EitherOf3::A(view! { <ListAwaited heading="Users"/> }),
        Page::There((users, now)) => EitherOf3::B(Later(view! {
            <AdminHead here="/admin" heading="Users" words="What you do here takes effect at once, on every device."/>
            <Invitation now invite=|| Box::pin(call(admin_invite))/>
            <UserRows first=users now doors=UserDoors { list, act }/>
        })),
        Page::Without(why, _) => EitherOf3::C(Later(view! {
            <Parting
                why
                sign_in_to="Sign in to see the users."
                not_arrived="The users did not arrive."
                again=move || ask(page, untrack(signed_in), get)
            />
        })),
    }
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
