//! The cookies: the refresh token of the pages, and the mark of a known device. No script can read them.
//!
//! `SameSite=Strict`: no other site can make a browser send it. `__Host-` and `Secure` everywhere but on plain http on this
//! machine (RFC 6265bis, section 4.1.3).
//!
//! No answer deletes a cookie, neither a refused refresh nor a sign-out. Answers overtake one another: one that deletes may
//! reach the browser after that of a sign-in in another tab, and would delete the new session's cookie. HTTP has no way to
//! delete a cookie only if it still has a certain value. A cookie whose session has ended opens nothing, `http/leptos.rs`
//! tells the page so, and the next sign-in replaces it. It says no more about its owner than the cookie of a known device,
//! which also stays after a sign-out.
//!
//! For the same reason the answer to a renewal could replace the cookie of a newer sign-in. HTTP cannot prevent that either,
//! but the program in the browser can: its tabs take turns (`app/browser/turn.rs`). Nothing protects a form that the browser
//! posts without the program, or a browser without locks. There the older answer can win. Its session ended with the
//! sign-in, so the user has to sign in once more.

use axum::http::{HeaderMap, HeaderValue};
use headers::{Cookie, HeaderMapExt as _};
use secrecy::{ExposeSecret as _, SecretString};

use crate::server::domain::session::SessionKind;
use crate::server::flows::{EndingSession, SignedIn, session_of};
use crate::server::state::AppState;

/// A cookie and its two names: the usual one, and the one for plain http on this machine.
struct Name {
    secure: &'static str,
    plain: &'static str,
}

const REFRESH: Name = Name { secure: "__Host-handstamp_refresh", plain: "handstamp_refresh" };
const DEVICE: Name = Name { secure: "__Host-handstamp_device", plain: "handstamp_device" };

/// How long a browser stays known: the longest time for which browsers keep a cookie (RFC 6265bis, section 5.5).
const DEVICE_MAX_AGE: &str = "; Max-Age=34560000";

/// Returns the refresh token of the cookie.
pub fn refresh_cookie(state: &AppState, headers: &HeaderMap) -> Option<String> {
    headers.typed_get::<Cookie>()?.get(REFRESH.of(state)).map(str::to_owned)
}

/// Returns the device token of an earlier sign-in in this browser.
pub fn device_cookie(state: &AppState, headers: &HeaderMap) -> Option<SecretString> {
    headers.typed_get::<Cookie>()?.get(DEVICE.of(state)).map(Into::into)
}

/// Returns the session of this browser's cookie. It is a hint: the session may have ended.
pub fn session_of_cookie(state: &AppState, headers: &HeaderMap) -> Option<EndingSession> {
    session_of(state, &refresh_cookie(state, headers)?)
}

/// Sets the refresh token's cookie: to be kept, or until the browser is closed.
pub fn keep_cookie(state: &AppState, signed_in: &SignedIn) -> Option<HeaderValue> {
    let max_age = match signed_in.kind {
        SessionKind::Kept => format!("; Max-Age={}", signed_in.refresh_expires_in),
        SessionKind::Brief => String::new(),
    };
    set_cookie(state, &REFRESH, signed_in.refresh_token.expose_secret(), &max_age)
}

/// Sets the cookie of a known device: to be kept if the user asked for it, otherwise until the browser is closed.
pub fn remember_device(state: &AppState, signed_in: &SignedIn) -> Option<HeaderValue> {
    let max_age = match signed_in.kind {
        SessionKind::Kept => DEVICE_MAX_AGE,
        SessionKind::Brief => "",
    };
    set_cookie(state, &DEVICE, signed_in.known_device.as_ref()?.expose_secret(), max_age)
}

fn set_cookie(state: &AppState, name: &Name, value: &str, max_age: &str) -> Option<HeaderValue> {
    let secure = if state.config.secure_cookies() { "; Secure" } else { "" };
    let cookie = format!("{}={value}; HttpOnly; SameSite=Strict; Path=/{secure}{max_age}", name.of(state));
    let mut cookie = HeaderValue::from_str(&cookie).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}

impl Name {
    fn of(&self, state: &AppState) -> &'static str {
        if state.config.secure_cookies() { self.secure } else { self.plain }
    }
}
