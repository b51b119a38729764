//! Who is calling, and whether they may: for routes extractors, for server functions calls.
//!
//! | a door for | route | server function |
//! |---|---|---|
//! | whoever is signed in | `user: CurrentUser` | `current_user()?` |
//! | anybody, and knows who (on the public list) | `user: Option<CurrentUser>` | `current_user_if_any()?` |
//! | whoever typed the password a moment ago | `user: FreshUser` | `fresh_user()?` |
//! | a role | `user: WithRole<Admin>` | `user_with_role("admin")?` |
//! | ending the session, with either kind of token, also expired (on the list of ending doors) | `session: EndingSession` | `session_to_end()?` |
//!
//! Each goes by what the guard found out; on the public list, where it asks nobody, by the headers.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::context::{app_state, parts};
use super::error::HttpError;
use super::visitor::origin;
use crate::api_types::ApiError;
use crate::server::domain::user::Role;
use crate::server::flows::{
    Actor, CurrentUser, EndingSession, authenticate, authenticate_to_end, require_fresh, require_role,
};
use crate::server::state::AppState;

/// Whoever is signed in and typed the password a moment ago (`FRESH_FOR`); else `fresh_token_required`.
#[derive(Clone, Debug)]
pub struct FreshUser(CurrentUser);

/// Whoever is signed in and has the role `R`; else `insufficient_scope`.
#[derive(Clone, Debug)]
pub struct WithRole<R>(CurrentUser, PhantomData<R>);

/// A role as a type, for [`WithRole`].
pub trait RequiredRole {
    const NAME: &'static str;
}

/// The role `admin`.
#[derive(Clone, Copy, Debug)]
pub struct Admin;

impl RequiredRole for Admin {
    const NAME: &'static str = Role::Admin.as_str();
}

impl<S: Sync> FromRequestParts<S> for CurrentUser
where
    AppState: FromRef<S>,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        Ok(recognise(parts, &AppState::from_ref(state))?)
    }
}

/// No token: nobody. A bad one is an error all the same: whoever sent it believes to be signed in.
impl<S: Sync> OptionalFromRequestParts<S> for CurrentUser
where
    AppState: FromRef<S>,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, HttpError> {
        Ok(if_any(recognise(parts, &AppState::from_ref(state)))?)
    }
}

impl<S: Sync> FromRequestParts<S> for FreshUser
where
    AppState: FromRef<S>,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        let state = AppState::from_ref(state);
        let user = recognise(parts, &state)?;
        require_fresh(&state, &user)?;
        Ok(Self(user))
    }
}

impl<S: Sync, R: RequiredRole> FromRequestParts<S> for WithRole<R>
where
    AppState: FromRef<S>,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        let user = recognise(parts, &AppState::from_ref(state))?;
        require_role(&user, R::NAME)?;
        Ok(Self(user, PhantomData))
    }
}

impl<S: Sync> FromRequestParts<S> for EndingSession
where
    AppState: FromRef<S>,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        Ok(ending(parts, &AppState::from_ref(state))?)
    }
}

impl Deref for FreshUser {
    type Target = CurrentUser;

    fn deref(&self) -> &CurrentUser {
        &self.0
    }
}

impl<R> Deref for WithRole<R> {
    type Target = CurrentUser;

    fn deref(&self) -> &CurrentUser {
        &self.0
    }
}

/// Whoever calls a protected server function: its first line.
///
/// # Errors
/// Those of a token that is not right.
pub fn current_user() -> Result<CurrentUser, ApiError> {
    recognise(&parts()?, &app_state()?)
}

/// Whoever calls a public server function, if they sent a token.
///
/// # Errors
/// Those of a token that is not right; none at all is no error.
pub fn current_user_if_any() -> Result<Option<CurrentUser>, ApiError> {
    if_any(current_user())
}

/// Whoever calls and typed the password a moment ago.
///
/// # Errors
/// `fresh_token_required`, and those of a token that is not right.
pub fn fresh_user() -> Result<CurrentUser, ApiError> {
    let user = current_user()?;
    require_fresh(&app_state()?, &user)?;
    Ok(user)
}

/// Whoever calls and has a role.
///
/// # Errors
/// `insufficient_scope`, and those of a token that is not right.
pub fn user_with_role(role: &str) -> Result<CurrentUser, ApiError> {
    let user = current_user()?;
    require_role(&user, role)?;
    Ok(user)
}

/// An administrator who calls, to look.
///
/// # Errors
/// `insufficient_scope`, and those of a token that is not right.
pub fn admin() -> Result<CurrentUser, ApiError> {
    user_with_role(Admin::NAME)
}

/// An administrator who calls to change something: their password was typed a moment ago.
///
/// # Errors
/// Those of [`admin`], and `fresh_token_required`.
pub fn acting_admin() -> Result<Actor, ApiError> {
    let user = admin()?;
    require_fresh(&app_state()?, &user)?;
    Ok(Actor::Admin { id: user.user_id, username: user.username.clone(), origin: origin()? })
}

/// The session that a server function on the list of ending doors is to end.
///
/// # Errors
/// Those of a token that is not right; an expired or ended one counts.
pub fn session_to_end() -> Result<EndingSession, ApiError> {
    ending(&parts()?, &app_state()?)
}

/// The `Authorization` headers, as they came.
pub fn authorization_headers(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(AUTHORIZATION).iter().map(axum::http::HeaderValue::as_bytes)
}

fn recognise(parts: &Parts, state: &AppState) -> Result<CurrentUser, ApiError> {
    match parts.extensions.get::<CurrentUser>() {
        Some(user) => Ok(user.clone()),
        None => Ok(authenticate(state, authorization_headers(&parts.headers))?),
    }
}

fn if_any(recognised: Result<CurrentUser, ApiError>) -> Result<Option<CurrentUser>, ApiError> {
    match recognised {
        Err(ApiError::MissingToken) => Ok(None),
        recognised => recognised.map(Some),
    }
}

fn ending(parts: &Parts, state: &AppState) -> Result<EndingSession, ApiError> {
    match parts.extensions.get::<EndingSession>() {
        Some(session) => Ok(*session),
        None => Ok(authenticate_to_end(state, authorization_headers(&parts.headers))?),
    }
}
