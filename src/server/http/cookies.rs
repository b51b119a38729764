//! The cookies: the refresh token of the pages, the mark of a known device, and the gate cookie. No script can read them.
//!
//! The gate cookie differs: every host of its domain gets it, it comes along when a link of another site leads to a protected
//! application (`SameSite=Lax`), and a sign-out deletes it. If that answer is late and deletes the cookie of a newer sign-in,
//! the next navigation to an application gets another one. What follows is about the other two.
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

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use headers::{Cookie, HeaderMapExt as _};
use secrecy::{ExposeSecret as _, SecretString};

use crate::server::domain::challenge::{BrowserKey, ChallengeId, LIFETIME};
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
/// Holds a challenge: with a right second factor it starts a session in this browser, and in no other.
const CHALLENGE: Name = Name { secure: "__Host-handstamp_challenge", plain: "handstamp_challenge" };

/// Holds the key to the challenges of this browser's pages: `browser_key.rs`.
const BROWSER: Name = Name { secure: "__Host-handstamp_browser", plain: "handstamp_browser" };

/// Shared by all hosts of `GATE_COOKIE_DOMAIN`, so it cannot have the prefix.
const GATE: &str = "handstamp_gate";
/// Followed by the hash of an address: this browser was led back there a moment ago.
const TRIED: &str = "handstamp_gate_tried_";
/// Seconds. A browser that comes back sooner did not get in.
const TRIED_MAX_AGE: u32 = 30;

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

/// Returns the challenge that this browser must answer.
pub fn challenge_cookie(state: &AppState, headers: &HeaderMap) -> Option<ChallengeId> {
    headers.typed_get::<Cookie>()?.get(CHALLENGE.of(state)).map(ChallengeId::from_client)
}

/// Sets the cookie of a challenge, for as long as it can be answered.
pub fn keep_challenge(state: &AppState, challenge: &ChallengeId) -> Option<HeaderValue> {
    set_cookie(state, &CHALLENGE, challenge.expose(), &format!("; Max-Age={}", LIFETIME.as_secs()))
}

/// Returns the key of this browser.
pub fn browser_key(state: &AppState, headers: &HeaderMap) -> Option<BrowserKey> {
    headers.typed_get::<Cookie>()?.get(BROWSER.of(state)).and_then(BrowserKey::from_client)
}

/// Sets the cookie of the browser's key, for as long as its newest challenge can be answered.
pub fn keep_browser_key(state: &AppState, key: &BrowserKey) -> Option<HeaderValue> {
    set_cookie(state, &BROWSER, key.expose(), &format!("; Max-Age={}", LIFETIME.as_secs()))
}

/// Returns whether the browser would have sent a cookie: not if another site led it here (`SameSite=Strict`).
pub fn sends_cookies(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "cross-site")
}

/// Returns the header with all cookies.
pub fn cookies(headers: &HeaderMap) -> Option<Cookie> {
    headers.typed_get()
}

/// Returns the gate cookies: several, if another host of the domain has set one.
pub fn gate_cookies(cookies: Option<&Cookie>) -> impl Iterator<Item = &str> {
    cookies.into_iter().flat_map(Cookie::iter).filter(|(name, _)| *name == GATE).map(|(_, value)| value)
}

/// Returns whether this browser was led back to this address a moment ago.
pub fn was_led_back(headers: &HeaderMap, address: &str) -> bool {
    cookies(headers).is_some_and(|cookies| cookies.get(&tried(address)).is_some())
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

/// Sets the gate cookie, for as long as it is good, or until the browser is closed.
pub fn keep_gate_cookie(state: &AppState, signed_in: &SignedIn) -> Option<HeaderValue> {
    let cookie = signed_in.gate_cookie.as_ref()?;
    let max_age = match signed_in.kind {
        SessionKind::Kept => format!("; Max-Age={}", cookie.expires_in),
        SessionKind::Brief => String::new(),
    };
    set_gate_cookie(state, cookie.text.expose_secret(), &max_age)
}

/// Deletes the gate cookie, if there can be one.
pub fn delete_gate_cookie(state: &AppState) -> Option<HeaderValue> {
    set_gate_cookie(state, "", "; Max-Age=0")
}

/// Notes that this browser was led back to this address.
pub fn note_led_back(state: &AppState, address: &str) -> Option<HeaderValue> {
    let secure = secure(state);
    let cookie = format!("{}=1; HttpOnly; SameSite=Lax; Path=/login{secure}; Max-Age={TRIED_MAX_AGE}", tried(address));
    HeaderValue::from_str(&cookie).ok()
}

fn set_gate_cookie(state: &AppState, value: &str, max_age: &str) -> Option<HeaderValue> {
    let (domain, secure) = (state.config.gate.cookie_domain.as_ref()?.as_str(), secure(state));
    let cookie = format!("{GATE}={value}; Domain={domain}; HttpOnly; SameSite=Lax; Path=/{secure}{max_age}");
    let mut cookie = HeaderValue::from_str(&cookie).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}

fn tried(address: &str) -> String {
    let hash = digest(&SHA256, address.as_bytes());
    format!("{TRIED}{}", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..9]))
}

fn secure(state: &AppState) -> &'static str {
    if state.config.secure_cookies() { "; Secure" } else { "" }
}

fn set_cookie(state: &AppState, name: &Name, value: &str, max_age: &str) -> Option<HeaderValue> {
    let secure = secure(state);
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
