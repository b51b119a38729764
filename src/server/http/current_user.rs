//! The user who calls, and what they may do: extractors for routes, functions for server functions.
//!
//! | a door for | route | server function |
//! |---|---|---|
//! | a signed-in user | `user: CurrentUser` | `current_user()?` |
//! | anyone; knows a signed-in user (on the public list) | `user: Option<CurrentUser>` | `current_user_if_any()?` |
//! | a user who has just typed the password | `user: FreshUser` | `fresh_user()?` |
//! | a user who has shown two factors | `user: WithFactor` | `user_with_factor()?` |
//! | a role | `user: WithRole<Admin>` | `user_with_role("admin")?` |
//! | ending the session, with either kind of token, also expired (on the list of ending doors) | `session: EndingSession` | `session_to_end()?` |
//!
//! Each reads what the guard found. On the public list the guard checks no token, so there each reads the headers.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::context::{app_state, parts};
use super::error::HttpError;
use super::visit::Visit;
use super::visitor::origin;
use crate::api_types::ApiError;
use crate::server::domain::step_up::StepUp;
use crate::server::domain::user::Role;
use crate::server::flows::{
    Actor, CurrentUser, EndingSession, authenticate, authenticate_to_end, require_fresh, require_role, require_step_up,
};
use crate::server::state::AppState;

/// A signed-in user who typed the password within `FRESH_FOR`; otherwise `fresh_token_required`.
#[derive(Clone, Debug)]
pub struct FreshUser(CurrentUser);

/// A signed-in user who has shown two factors; otherwise `insufficient_user_authentication`.
#[derive(Clone, Debug)]
pub struct WithFactor(CurrentUser);

/// A signed-in user who has the role `R`; otherwise `insufficient_scope`.
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

/// Without a token there is no user. A bad token is still an error: its sender expects to be signed in.
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

impl<S: Sync> FromRequestParts<S> for WithFactor
where
    AppState: FromRef<S>,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        let state = AppState::from_ref(state);
        let user = recognise(parts, &state)?;
        require_step_up(&state, &user, StepUp::TWO_FACTORS)?;
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

impl Deref for WithFactor {
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

/// Returns the user who calls a protected server function: its first line.
///
/// # Errors
/// Those of a bad token.
pub fn current_user() -> Result<CurrentUser, ApiError> {
    recognise(&parts()?, &app_state()?)
}

/// Returns the user who calls a public server function, if they sent a token.
///
/// # Errors
/// Those of a bad token; a missing token is no error.
pub fn current_user_if_any() -> Result<Option<CurrentUser>, ApiError> {
    if_any(current_user())
}

/// Returns the user who calls, if they typed the password within `FRESH_FOR`.
///
/// # Errors
/// `fresh_token_required`, and those of a bad token.
pub fn fresh_user() -> Result<CurrentUser, ApiError> {
    let user = current_user()?;
    require_fresh(&app_state()?, &user)?;
    Ok(user)
}

/// Returns the user who calls, if they have shown two factors.
///
/// # Errors
/// `insufficient_user_authentication`, and those of a bad token.
pub fn user_with_factor() -> Result<CurrentUser, ApiError> {
    let user = current_user()?;
    require_step_up(&app_state()?, &user, StepUp::TWO_FACTORS)?;
    Ok(user)
}

/// Returns the user who calls, if they have the role.
///
/// # Errors
/// `insufficient_scope`, and those of a bad token.
pub fn user_with_role(role: &str) -> Result<CurrentUser, ApiError> {
    let user = current_user()?;
    require_role(&user, role)?;
    Ok(user)
}

/// Returns the administrator who calls a function that only reads.
///
/// # Errors
/// `insufficient_scope`, and those of a bad token.
pub fn admin() -> Result<CurrentUser, ApiError> {
    user_with_role(Admin::NAME)
}

/// Returns the administrator who calls a function that changes something. It requires a fresh token.
///
/// # Errors
/// Those of [`admin`], and `fresh_token_required`.
pub fn acting_admin() -> Result<Actor, ApiError> {
    let user = admin()?;
    require_fresh(&app_state()?, &user)?;
    Ok(Actor::Admin { id: user.user_id, username: user.username.clone(), origin: origin()? })
}

/// Returns the session that a server function on the list of ending doors must end.
///
/// # Errors
/// Those of a bad token. A token that expired, or whose session ended, is accepted.
pub fn session_to_end() -> Result<EndingSession, ApiError> {
    ending(&parts()?, &app_state()?)
}

/// Returns the `Authorization` headers, unchanged.
pub fn authorization_headers(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(AUTHORIZATION).iter().map(axum::http::HeaderValue::as_bytes)
}

fn recognise(parts: &Parts, state: &AppState) -> Result<CurrentUser, ApiError> {
    match Visit::find(&parts.extensions).and_then(|visit| visit.user.as_ref()) {
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
    match Visit::find(&parts.extensions).and_then(|visit| visit.ending) {
        Some(session) => Ok(session),
        None => Ok(authenticate_to_end(state, authorization_headers(&parts.headers))?),
    }
}
