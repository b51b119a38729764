//! A form that the browser posts itself: without scripts, or before the program has loaded.

use axum::Extension;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Collected, Limited};

use super::next::next_in;
use crate::api_types::ApiError;
use crate::app::next::{DASHBOARD, SECOND_FACTOR, form_address};
use crate::server::state::AppState;

/// Bytes of an error body of a server function; all are shorter.
const MAX_ERROR_BYTES: usize = 4096;

/// Bytes of the longest code of a link.
const MAX_CODE_BYTES: usize = 64;

/// Leptos would redirect to the address in `Referer`, with the token in the body. Here the function runs as it does for the
/// program, and only the cookie of its answer is passed on. A success leads to the page that the form names, or to the
/// dashboard; the page gets its access token by a refresh. A failure leads back to the form, with the error and that name.
pub async fn posted_without_the_program(state: &AppState, request: Request, next: Next) -> Response {
    let (form, then) = match request.uri().path() {
        "/api/login" => ("/login", DASHBOARD),
        "/api/second-factor" => (SECOND_FACTOR, DASHBOARD),
        "/api/signup" => ("/signup", DASHBOARD),
        "/api/setup" => ("/setup", DASHBOARD),
        "/api/logout" => ("/login", "/"),
        "/api/forgot-password" => ("/password/forgot", "/password/forgot?done=yes"),
        "/api/reset-password" => ("/password/reset", "/password/reset?done=yes"),
        "/api/confirm-email" => ("/email/confirm", "/email/confirm?done=yes"),
        // No other content type is a form.
        _ => return (StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response(),
    };
    let (mut parts, body) = request.into_parts();
    parts.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    // `read_body` has already read and limited it.
    let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    // A sign-out leads to no other page.
    let go_on = if then == DASHBOARD { next_in(&state.config.gate, &body) } else { None };
    let link = link_in(&body);
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    let cookies = answer.headers().get_all(SET_COOKIE).iter().cloned().map(|cookie| (SET_COOKIE, cookie));
    let cookies = AppendHeaders(cookies.collect::<Vec<_>>());
    if answer.status().is_success() {
        return (StatusCode::SEE_OTHER, cookies, [(LOCATION, go_on.as_deref().unwrap_or(then))]).into_response();
    }
    let error = error_of(answer).await;
    if error == ApiError::SecondFactorRequired {
        let page = form_address(SECOND_FACTOR, go_on.as_deref());
        return (StatusCode::SEE_OTHER, cookies, [(LOCATION, page)], Extension(error)).into_response();
    }
    let page = form_address(form, go_on.as_deref()) + &link.unwrap_or_default();
    let page = format!("{page}{}error={}", if page.contains('?') { '&' } else { '?' }, error.code());
    // As `HttpError` does, for the metrics and the log.
    (StatusCode::SEE_OTHER, cookies, [(LOCATION, page)], Extension(error)).into_response()
}

/// Returns the query with the code of a link in a mail: the form needs it again. A code has no other characters.
fn link_in(form: &[u8]) -> Option<String> {
    let (_, token) = form_urlencoded::parse(form).find(|(name, _)| name == "token")?;
    let is_code = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (is_code && token.len() <= MAX_CODE_BYTES).then(|| format!("?token={token}"))
}

/// Returns the error in a body.
pub async fn error_of(response: Response) -> ApiError {
    let body = Limited::new(response.into_body(), MAX_ERROR_BYTES).collect().await;
    let error = body.ok().and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
    error.unwrap_or(ApiError::Internal)
}
