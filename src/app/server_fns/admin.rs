//! The calls of administrators. Each first checks the caller: the role, and for a change also that the password was typed a
//! moment ago.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::api_types::{ApiError, EventsAnswer, InvitationAnswer, KeySummary, UsersAnswer};
use crate::app::protocol::Protected;

/// Lists users by name; `search` is a part of a name, or empty; `after` is empty, or the `next` of the answer before.
///
/// # Errors
/// `insufficient_scope`, and those of a bad token.
#[server(endpoint = "admin/users", protocol = Protected<GetUrl>)]
pub async fn admin_users(
    #[server(default)] search: String,
    #[server(default)] after: String,
) -> Result<UsersAnswer, ApiError> {
    use crate::server::{flows, http};
    let admin = http::admin()?;
    Ok(flows::list_users(&http::app_state()?, Some(&admin), &search, &after).await?.into())
}

/// Lists the events of all accounts, newest first; `before` as in `events`.
///
/// # Errors
/// `insufficient_scope`, and those of a bad token.
#[server(endpoint = "admin/events", protocol = Protected<GetUrl>)]
pub async fn admin_events(#[server(default)] before: String) -> Result<EventsAnswer, ApiError> {
    use crate::server::{flows, http};
    http::admin()?;
    Ok(flows::list_events(&http::app_state()?, &before).await?.into())
}

/// Lists the keys that sign and verify.
///
/// # Errors
/// `insufficient_scope`, and those of a bad token.
#[server(endpoint = "admin/keys", protocol = Protected<GetUrl>)]
pub async fn admin_keys() -> Result<Vec<KeySummary>, ApiError> {
    use crate::server::{flows, http};
    http::admin()?;
    Ok(flows::list_keys(&http::app_state()?).await?.into_iter().map(Into::into).collect())
}

/// Makes a link with which one person can make an account.
///
/// # Errors
/// `fresh_token_required`, `insufficient_scope`, and those of a bad token.
#[server(endpoint = "admin/invite", protocol = Protected)]
pub async fn admin_invite() -> Result<InvitationAnswer, ApiError> {
    use crate::server::{flows, http};
    let by = http::acting_admin()?;
    Ok(flows::invite(&http::app_state()?, &by).await?.into())
}

/// Locks a user out, and ends all their sessions.
///
/// # Errors
/// `not_found`, `own_account`, `last_administrator`, and those of [`admin_invite`].
#[server(endpoint = "admin/disable-user", protocol = Protected)]
pub async fn admin_disable_user(id: String) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let by = http::acting_admin()?;
    Ok(flows::disable_user(&http::app_state()?, flows::Target::Id(&id), &by).await.map(|_| ())?)
}

/// Lets a disabled user in again.
///
/// # Errors
/// Those of [`admin_disable_user`].
#[server(endpoint = "admin/enable-user", protocol = Protected)]
pub async fn admin_enable_user(id: String) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let by = http::acting_admin()?;
    Ok(flows::enable_user(&http::app_state()?, flows::Target::Id(&id), &by).await.map(|_| ())?)
}

/// Ends all sessions of a user.
///
/// # Errors
/// Those of [`admin_disable_user`].
#[server(endpoint = "admin/end-sessions", protocol = Protected)]
pub async fn admin_end_sessions(id: String) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let by = http::acting_admin()?;
    Ok(flows::end_all_sessions(&http::app_state()?, flows::Target::Id(&id), &by).await.map(|_| ())?)
}

/// Makes a user an administrator, or removes that role. Their sessions end, because a token names the roles.
///
/// # Errors
/// Those of [`admin_disable_user`].
#[server(endpoint = "admin/set-admin", protocol = Protected)]
pub async fn admin_set_admin(id: String, admin: bool) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let by = http::acting_admin()?;
    Ok(flows::set_admin(&http::app_state()?, flows::Target::Id(&id), admin, &by).await.map(|_| ())?)
}

/// Removes a user for ever.
///
/// # Errors
/// Those of [`admin_disable_user`].
#[server(endpoint = "admin/remove-user", protocol = Protected)]
pub async fn admin_remove_user(id: String) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let by = http::acting_admin()?;
    Ok(flows::remove_user(&http::app_state()?, flows::Target::Id(&id), &by).await.map(|_| ())?)
}

/// Lets the next key sign, and retires the present one.
///
/// # Errors
/// Those of [`admin_invite`].
#[server(endpoint = "admin/rotate-keys", protocol = Protected)]
pub async fn admin_rotate_keys() -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let by = http::acting_admin()?;
    Ok(flows::rotate_keys(&http::app_state()?, false, &by).await?)
}
