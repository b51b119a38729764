//! The common part of the pages' sign-ins: the browser's old session ends, the new refresh token goes into the cookie, and
//! the page gets only the access token.

use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::context::{app_state, parts};
use super::cookies::{self, delete_gate_cookie, keep_cookie, keep_gate_cookie, remember_device, session_of_cookie};
use super::visitor::visitor_of;
use crate::api_types::{ApiError, Remember, SignedInAnswer};
use crate::server::domain::challenge::ChallengeId;
use crate::server::domain::session::SessionKind;
use crate::server::flows::{EndingSession, NewSession, Receiver, SignInStep, SignedIn};

/// Returns the request for the session that a page's form starts.
///
/// # Errors
/// `internal` outside a request.
pub fn new_session(remember: Remember) -> Result<NewSession, ApiError> {
    let (state, parts) = (app_state()?, parts()?);
    Ok(NewSession {
        kind: remember.into(),
        receiver: Receiver::Browser,
        visitor: visitor_of(&state, &parts),
        replaces: session_of_cookie(&state, &parts.headers),
        ..NewSession::default()
    })
}

/// Returns the session of the browser's cookie.
///
/// # Errors
/// `internal` outside a request.
pub fn session_of_browser() -> Result<Option<EndingSession>, ApiError> {
    Ok(session_of_cookie(&app_state()?, &parts()?.headers))
}

/// Returns the challenge that the browser that calls must answer.
///
/// # Errors
/// `challenge_expired` without a cookie: browsers drop it after the lifetime of a challenge.
pub fn challenge_of_browser() -> Result<ChallengeId, ApiError> {
    cookies::challenge_cookie(&app_state()?, &parts()?.headers).ok_or(ApiError::ChallengeExpired)
}

/// Returns the answer to a page's sign-in. If a second factor is needed, the challenge goes into a cookie.
///
/// # Errors
/// `second_factor_required`; `internal` outside a request.
pub fn page_step(step: SignInStep) -> Result<SignedInAnswer, ApiError> {
    match step {
        SignInStep::Done(signed_in) => page_answer(*signed_in),
        SignInStep::SecondFactor(asked) => {
            set_cookie(cookies::keep_challenge(&app_state()?, &asked.challenge));
            Err(ApiError::SecondFactorRequired)
        }
    }
}

/// Returns the answer for a page, and sets the cookies.
///
/// # Errors
/// `internal` outside a request.
pub fn page_answer(signed_in: SignedIn) -> Result<SignedInAnswer, ApiError> {
    let state = app_state()?;
    set_cookie(keep_cookie(&state, &signed_in));
    set_cookie(remember_device(&state, &signed_in));
    set_cookie(keep_gate_cookie(&state, &signed_in));
    Ok(signed_in.into())
}

/// Deletes the gate cookie of the browser that calls.
///
/// # Errors
/// `internal` outside a request.
pub fn forget_gate_cookie() -> Result<(), ApiError> {
    set_cookie(delete_gate_cookie(&app_state()?));
    Ok(())
}

/// Returns the refresh token of the browser that calls.
///
/// # Errors
/// `missing_token` without a cookie.
pub fn refresh_cookie() -> Result<String, ApiError> {
    cookies::refresh_cookie(&app_state()?, &parts()?.headers).ok_or(ApiError::MissingToken)
}

fn set_cookie(cookie: Option<HeaderValue>) {
    if let (Some(cookie), Some(response)) = (cookie, use_context::<ResponseOptions>()) {
        response.append_header(SET_COOKIE, cookie);
    }
}

impl From<Remember> for SessionKind {
    fn from(Remember(remember): Remember) -> Self {
        if remember { Self::Kept } else { Self::Brief }
    }
}
