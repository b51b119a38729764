//! Every call a page can make, on one screen. Fixed endpoints under `/api`; bodies of one to four lines.
//!
//! A body exists on the server alone, so its imports stand inside it. A protected function says `client = Bearer` and
//! asks `current_user()` first; even one that forgot is closed to strangers, as `server/http/router.rs` lets nobody
//! in who is not on its public list.

#![allow(clippy::unused_async, reason = "in the browser every one of them awaits")]

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::api_types::{ApiError, GreetingAnswer, PasswordInput, SignedInAnswer};
use crate::app::answer::Answer;
use crate::app::bearer::Bearer;

/// Signs in.
///
/// # Errors
/// `bad_credentials`, `overloaded`, and what every call can meet.
#[server(endpoint = "login", output = Answer)]
pub async fn login(username: String, password: PasswordInput) -> Result<SignedInAnswer, ApiError> {
    use crate::server::{flows, http};
    let signed_in = flows::login(&http::app_state()?, &username, password.into()).await?;
    Ok(signed_in.into())
}

/// Ends this session: from now on its token is refused.
///
/// # Errors
/// Those of a token that is not right; an expired one with a right signature counts.
#[server(endpoint = "logout", output = Answer, client = Bearer)]
pub async fn logout() -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let ending = http::session_to_end()?;
    Ok(flows::logout(&http::app_state()?, ending).await?)
}

/// The protected greeting.
///
/// # Errors
/// Those of a token that is not right.
#[server(endpoint = "greeting", output = Answer, input = GetUrl, client = Bearer)]
pub async fn greeting() -> Result<GreetingAnswer, ApiError> {
    use crate::server::{flows, http};
    let user = http::current_user()?;
    Ok(flows::greeting(&http::app_state()?, user).into())
}

/// Makes an account and signs it in.
///
/// # Errors
/// `signup_closed`, `invalid_username`, `username_taken`, `password_too_short`, `password_too_long`.
#[server(endpoint = "signup", output = Answer)]
pub async fn signup(username: String, password: PasswordInput) -> Result<SignedInAnswer, ApiError> {
    use crate::server::{flows, http};
    let signed_in = flows::signup_and_login(&http::app_state()?, &username, password.into()).await?;
    Ok(signed_in.into())
}

/// Makes the first account, role `admin`, with the one-time code of the console, and signs it in.
///
/// # Errors
/// `bad_setup_code`, `not_found` once there is an account, and those of [`signup`].
#[server(endpoint = "setup", output = Answer)]
pub async fn setup(code: String, username: String, password: PasswordInput) -> Result<SignedInAnswer, ApiError> {
    use crate::server::{flows, http};
    let signed_in = flows::first_account(&http::app_state()?, &code, &username, password.into()).await?;
    Ok(signed_in.into())
}
