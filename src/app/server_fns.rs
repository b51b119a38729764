//! Every call that a page can make. Fixed endpoints under `/api`; bodies of one to four lines. Administrators' calls are in
//! `server_fns/admin.rs`, those about mail in `server_fns/mail.rs`, about passkeys in `server_fns/passkeys.rs`, about second
//! factors in `server_fns/second_factors.rs`.
//!
//! A body exists only on the server, so its imports are inside it. A protected function says `protocol = Protected` and
//! calls `current_user()` first. A function that forgets this is still protected: `server/http/guard.rs` requires a token
//! for every door that is not on its public list.

#![allow(clippy::unused_async, reason = "in the browser every one of them awaits")]

mod admin;
mod mail;
mod passkeys;
mod second_factors;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

pub use self::admin::*;
pub use self::mail::*;
pub use self::passkeys::*;
pub use self::second_factors::*;
use crate::api_types::{
    AccountAnswer, ApiError, EventsAnswer, GreetingAnswer, PasswordInput, Remember, SessionSummary, SignedInAnswer,
    StrengthAnswer,
};
use crate::app::protocol::{Open, Protected};

/// Signs in.
///
/// # Errors
/// `bad_credentials`, `second_factor_required`, `overloaded`, and the errors of every call.
#[server(endpoint = "login", protocol = Open)]
pub async fn login(
    username: String,
    password: PasswordInput,
    #[server(default)] remember: Remember,
) -> Result<SignedInAnswer, ApiError> {
    use crate::server::{flows, http};
    let new = http::new_session(remember)?;
    http::page_step(flows::login(&http::app_state()?, &username, password.into(), new).await?)
}

/// Renews the access token with the cookie.
///
/// # Errors
/// `missing_token` without a cookie, `token_expired`, `token_revoked`, `refresh_token_reused`.
#[server(endpoint = "refresh", protocol = Open)]
pub async fn refresh() -> Result<SignedInAnswer, ApiError> {
    use crate::server::{flows, http};
    let presented = http::refresh_cookie()?;
    http::page_answer(flows::refresh(&http::app_state()?, &presented, flows::Receiver::Browser).await?)
}

/// Ends this session: from now on its tokens are rejected.
///
/// # Errors
/// Those of a bad token. An expired token with a right signature counts, and so does the cookie alone.
#[server(endpoint = "logout", protocol = Protected)]
pub async fn logout() -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let (state, ending) = (http::app_state()?, http::session_to_end()?);
    // Usually the same session. If it is another one, the next page would renew it: this browser would still be signed in.
    let other = http::session_of_browser()?.filter(|session| session.id != ending.id);
    flows::logout(&state, ending).await?;
    if let Some(session) = other {
        flows::logout(&state, session).await?;
    }
    http::forget_gate_cookie()
}

/// The protected greeting.
///
/// # Errors
/// Those of a bad token.
#[server(endpoint = "greeting", protocol = Protected<GetUrl>)]
pub async fn greeting() -> Result<GreetingAnswer, ApiError> {
    use crate::server::{flows, http};
    let (state, user) = (http::app_state()?, http::current_user()?);
    let must_enrol = flows::must_enrol(&state, &user).await?;
    let may_add_passkey = flows::may_add_passkey(&state, &user).await?;
    Ok(GreetingAnswer { must_enrol, may_add_passkey, ..flows::greeting(&state, &user).into() })
}

/// Lists the user's own sessions, this one first.
///
/// # Errors
/// Those of a bad token.
#[server(endpoint = "sessions", protocol = Protected<GetUrl>)]
pub async fn sessions() -> Result<Vec<SessionSummary>, ApiError> {
    use crate::server::{flows, http};
    let user = http::current_user()?;
    Ok(flows::list_sessions(&http::app_state()?, &user).await?.into_iter().map(Into::into).collect())
}

/// Ends one of the user's own sessions.
///
/// # Errors
/// `not_found`, and those of a bad token.
#[server(endpoint = "end-session", protocol = Protected)]
pub async fn end_session(id: String) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let user = http::current_user()?;
    Ok(flows::end_session(&http::app_state()?, &user, &id).await?)
}

/// Ends all of the user's sessions but this one.
///
/// # Errors
/// `fresh_token_required`, and those of a bad token.
#[server(endpoint = "end-other-sessions", protocol = Protected)]
pub async fn end_other_sessions() -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let user = http::fresh_user()?;
    flows::end_other_sessions(&http::app_state()?, &user, http::origin()?).await?;
    Ok(())
}

/// Returns the user's own account.
///
/// # Errors
/// Those of a bad token.
#[server(endpoint = "account", protocol = Protected<GetUrl>)]
pub async fn account() -> Result<AccountAnswer, ApiError> {
    use crate::server::{flows, http};
    let user = http::current_user()?;
    Ok(flows::whoami(&http::app_state()?, &user).await?.into())
}

/// Lists the events of the user's own account, newest first; `before` is empty, or the `older` of the answer before.
///
/// # Errors
/// Those of a bad token.
#[server(endpoint = "events", protocol = Protected<GetUrl>)]
pub async fn events(#[server(default)] before: String) -> Result<EventsAnswer, ApiError> {
    use crate::server::{flows, http};
    let user = http::current_user()?;
    Ok(flows::list_own_events(&http::app_state()?, &user, &before).await?.into())
}

/// Changes the user's own password; all other sessions end. The typed current password counts as much as a fresh token.
///
/// # Errors
/// `bad_credentials` for a wrong current password, those of a new one, and those of a bad token.
#[server(endpoint = "password", protocol = Protected)]
pub async fn change_password(current_password: PasswordInput, new_password: PasswordInput) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let user = http::current_user()?;
    let visitor = http::visitor()?;
    let state = http::app_state()?;
    Ok(flows::change_own_password(&state, &user, current_password.into(), new_password.into(), visitor).await?)
}

/// Deletes the user's own account, and ends all its sessions.
///
/// # Errors
/// `bad_credentials` for a wrong password, `last_administrator`, and those of a bad token.
#[server(endpoint = "delete-account", protocol = Protected)]
pub async fn delete_account(password: PasswordInput) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let user = http::current_user()?;
    Ok(flows::delete_own_account(&http::app_state()?, &user, password.into(), http::visitor()?).await?)
}

/// Judges a password that a user is choosing. Nothing of it is kept.
///
/// # Errors
/// `overloaded`.
#[server(endpoint = "password-strength", protocol = Open)]
pub async fn password_strength(
    #[server(default)] username: String,
    #[server(default)] password: PasswordInput,
) -> Result<StrengthAnswer, ApiError> {
    use crate::server::{flows, http};
    Ok(flows::password_strength(&http::app_state()?, &username, password.into()).await?.into())
}

/// Makes an account and signs it in; if sign-up is closed, with an invitation.
///
/// # Errors
/// `signup_closed`, `setup_not_done`, `bad_invitation`, `invalid_username`, `username_taken`, `password_too_short`, `password_too_long`,
/// `password_too_common`.
#[server(endpoint = "signup", protocol = Open)]
pub async fn signup(
    username: String,
    password: PasswordInput,
    #[server(default)] remember: Remember,
    #[server(default)] invitation: String,
) -> Result<SignedInAnswer, ApiError> {
    use crate::server::{flows, http};
    let (new, state) = (http::new_session(remember)?, http::app_state()?);
    http::page_answer(flows::signup_and_login(&state, &invitation, &username, password.into(), new).await?)
}

/// Makes the first account, role `admin`, with the one-time code from the console, and signs it in.
///
/// # Errors
/// `bad_setup_code`, `not_found` if there is an administrator already, and those of [`signup`].
#[server(endpoint = "setup", protocol = Open)]
pub async fn setup(
    code: String,
    username: String,
    password: PasswordInput,
    #[server(default)] remember: Remember,
) -> Result<SignedInAnswer, ApiError> {
    use crate::server::{flows, http};
    let new = http::new_session(remember)?;
    http::page_answer(flows::first_account(&http::app_state()?, &code, &username, password.into(), new).await?)
}
