//! Leads a browser with a live session from `/login` back to the application that sent it here, with a gate cookie and without
//! a question: its gate cookie has expired, or it signed in elsewhere before.
//!
//! This refreshes the session, as a page would. Two answers can overtake each other here as at a form (`cookies.rs`).

use axum::extract::Request;
use axum::http::header::{LOCATION, REFRESH, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, Html, IntoResponse as _, Response};
use url::Url;

use super::cookies::{
    keep_cookie, keep_gate_cookie, note_led_back, refresh_cookie, sends_cookies, session_of_cookie, was_led_back,
};
use super::guard::asks_for_a_page;
use crate::app::next::form_address;
use crate::server::flows::{self, Receiver};
use crate::server::state::AppState;

/// The host whose gate does not open for this browser, although its session lives.
#[derive(Clone)]
pub struct ShutOut(pub String);

const LOGIN: &str = "/login";
/// In the query of the second try.
const AGAIN: &str = "&again=1";

/// Returns the answer that leads on, if no form is needed. Notes in the request if the gate stays closed in spite of the
/// session: leading back again would be a loop.
pub async fn lead_back(state: &AppState, address: &Url, request: &mut Request) -> Option<Response> {
    let headers = request.headers();
    let opens = request.uri().path() == LOGIN && *request.method() == Method::GET && asks_for_a_page(headers);
    if !opens || headers.contains_key("sec-purpose") {
        return None;
    }
    let Some(presented) = refresh_cookie(state, headers) else {
        let again = request.uri().query().is_some_and(|query| query.ends_with(AGAIN));
        return (!again && !sends_cookies(headers) && is_of_a_browser(headers)).then(|| look_again(address));
    };
    if !state.config.gate.cookie_reaches(address) || was_led_back(headers, address.as_str()) {
        let session = session_of_cookie(state, headers)?;
        if flows::session_lives(state, session.id).await.unwrap_or(false) {
            request.extensions_mut().insert(ShutOut(address.host_str().unwrap_or_default().to_owned()));
        }
        return None;
    }
    // Without a live session there is the form.
    let signed_in = flows::refresh(state, &presented, Receiver::Browser).await.ok()?;
    let cookies =
        [keep_cookie(state, &signed_in), keep_gate_cookie(state, &signed_in), note_led_back(state, address.as_str())];
    let cookies = AppendHeaders(cookies.into_iter().flatten().map(|cookie| (SET_COOKIE, cookie)).collect::<Vec<_>>());
    Some((StatusCode::SEE_OTHER, cookies, [(LOCATION, address.as_str())]).into_response())
}

/// A link of another site led to the application and so to here: then the browser does not send the cookie of the session.
/// It does when this page leads it on.
fn look_again(address: &Url) -> Response {
    let again = form_address(LOGIN, Some(address.as_str())) + AGAIN;
    let link = again.replace('&', "&amp;");
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><title>Handstamp</title><p>Looking for your session. <a href=\"{link}\">Go on</a></p></html>"
    );
    ([(REFRESH, format!("0; url={again}"))], Html(page)).into_response()
}

fn is_of_a_browser(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-site")
}
