//! The key of a browser, for the challenges of its pages: a cookie that no script reads and no other site sends. It lives as long
//! as a challenge, and all tabs share it, so that one tab does not void the challenge of another.

use axum::http::header::SET_COOKIE;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::context::{app_state, parts};
use super::cookies;
use crate::api_types::{ApiError, PasskeyQuestion};
use crate::server::domain::challenge::{BrowserKey, ChallengeId};
use crate::server::flows::PasskeyAsked;

/// Returns the key of the browser that asks for a challenge. One that has none gets one.
///
/// # Errors
/// `internal` outside a request.
pub fn browser_key_to_ask() -> Result<BrowserKey, ApiError> {
    let state = app_state()?;
    let key = cookies::browser_key(&state, &parts()?.headers);
    let key = key.unwrap_or_else(|| BrowserKey::from_random(state.world.random_bytes()));
    if let (Some(cookie), Some(response)) = (cookies::keep_browser_key(&state, &key), use_context::<ResponseOptions>())
    {
        response.append_header(SET_COOKIE, cookie);
    }
    Ok(key)
}

/// Returns the key of the browser that answers a challenge.
///
/// # Errors
/// `challenge_expired` without the cookie.
pub fn browser_key() -> Result<BrowserKey, ApiError> {
    cookies::browser_key(&app_state()?, &parts()?.headers).ok_or(ApiError::ChallengeExpired)
}

/// Returns the challenge that a page sends back.
#[must_use]
pub fn challenge(text: &str) -> ChallengeId {
    ChallengeId::from_client(text)
}

/// Returns a question for a page.
#[must_use]
pub fn page_question(asked: PasskeyAsked) -> PasskeyQuestion {
    PasskeyQuestion { challenge: asked.challenge.expose().to_owned(), options: asked.options.to_string() }
}
