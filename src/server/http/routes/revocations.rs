//! `GET /revocations`: the blocklist for other services, so that they reject the tokens that we reject. `If-None-Match`
//! asks only for changes, and `Prefer: wait=25` (RFC 7240) waits for them.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use serde::Serialize;

use crate::server::domain::blocklist::Blocked;
use crate::server::domain::unix_time::UnixTime;
use crate::server::flows;
use crate::server::http::error::HttpError;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// The longest wait: shorter than the time limit of common proxies.
const MAX_WAIT: Duration = Duration::from_secs(25);

#[derive(Serialize)]
pub struct RevocationsAnswer {
    entries: Vec<RevocationEntry>,
}

/// Reject a token with this `sid` or this `jti`. Keep the entry until its `exp`.
#[derive(Serialize)]
#[serde(untagged)]
pub enum RevocationEntry {
    Session { sid: String, exp: i64 },
    Token { jti: String, exp: i64 },
}

pub async fn revocations(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, HttpError> {
    let seq = *state.blocklist_seq.borrow();
    let knows = headers.typed_get::<IfNoneMatch>().is_some_and(|known| !known.precondition_passes(&etag(seq)));
    let news = flows::list_revocations(&state, knows.then_some(seq), wait(&headers)).await?;
    let mut response = match news {
        None => StatusCode::NOT_MODIFIED.into_response(),
        Some(news) => {
            let entries = news.entries.into_iter().map(entry).collect();
            let mut response = Json(RevocationsAnswer { entries }).into_response();
            response.headers_mut().typed_insert(etag(news.seq));
            return Ok(response);
        }
    };
    response.headers_mut().typed_insert(etag(seq));
    Ok(response)
}

/// Weak: expired entries disappear without a new number.
fn etag(seq: i64) -> ETag {
    format!("W/\"{seq}\"").parse().expect("a number in quotes is an entity tag")
}

fn wait(headers: &HeaderMap) -> Duration {
    let lists = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let seconds = lists.flat_map(|list| list.split(',')).find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        let named = name.trim().eq_ignore_ascii_case("wait");
        named.then(|| value.trim().trim_matches('"').parse().ok())?
    });
    let seconds = seconds.unwrap_or(0);
    Duration::from_secs(seconds).min(MAX_WAIT)
}

fn entry((blocked, keep_until): (Blocked, UnixTime)) -> RevocationEntry {
    let exp = keep_until.0;
    match blocked {
        Blocked::Session(id) => RevocationEntry::Session { sid: id.to_string(), exp },
        Blocked::Token(id) => RevocationEntry::Token { jti: id.to_string(), exp },
    }
}
