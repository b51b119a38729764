//! `GET /revocations`: the blocklist for other services, so that they reject the tokens that we reject. Without `after` all
//! of it, and `If-None-Match` asks for it only if it has changed. With `after=<cursor>` what came since. `Prefer: wait=60`
//! (RFC 7240) waits for news.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use headers::{ETag, HeaderMapExt as _};
use serde::Serialize;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::{CompressionLayer, predicate::SizeAbove};

use crate::server::domain::blocklist::{Blocked, Entry};
use crate::server::domain::feed_cursor::Cursor;
use crate::server::flows::{self, ChangesError};
use crate::server::http::error::HttpError;
use crate::server::http::etag::is_known;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// The longest wait.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// A snapshot is compressed from this size on, about 260 entries. It holds only random ids and times, so its compressed
/// length reveals nothing (BREACH).
const COMPRESSED_FROM: u16 = 16 << 10;

/// Reject a token with this `sid` or this `jti`. Keep the entry until its `exp`.
#[derive(Serialize)]
#[serde(untagged)]
enum RevocationEntry {
    Session { sid: String, exp: i64 },
    Token { jti: String, exp: i64 },
}

pub async fn revocations(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Result<Response, HttpError> {
    match after(&uri)? {
        Some(after) => {
            let text = flows::list_changes(&state, after, wait(&headers), whole).await?;
            Ok(json(Body::from(Bytes::from_owner(text))))
        }
        None => snapshot(&state, &headers).await,
    }
}

async fn snapshot(state: &AppState, headers: &HeaderMap) -> Result<Response, HttpError> {
    let current = state.news.cursor();
    let knows = is_known(headers, &etag(current));
    let Some(cursor) = flows::snapshot_cursor(state, knows.then_some(current), wait(headers)).await? else {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        response.headers_mut().typed_insert(etag(current));
        return Ok(response);
    };
    let body = snapshot_body(cursor, flows::snapshot(state)).await?;
    let mut response = compressed(json(body), headers).await;
    response.headers_mut().typed_insert(etag(cursor));
    Ok(response)
}

/// Returns the cursor after which the client wants changes.
fn after(uri: &Uri) -> Result<Option<Cursor>, ChangesError> {
    let query = uri.query().unwrap_or_default().as_bytes();
    let mut given = form_urlencoded::parse(query).filter(|(name, _)| name == "after").map(|(_, text)| text);
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some(text), None) => Cursor::parse(&text).map(Some).map_err(|_| ChangesError::CursorExpired),
        (Some(_), Some(_)) => Err(ChangesError::CursorExpired),
    }
}

/// Weak: expired entries disappear without a new cursor.
fn etag(cursor: Cursor) -> ETag {
    format!("W/\"{cursor}\"").parse().expect("a cursor in quotes is an entity tag")
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

/// A long snapshot is sent while it is read. If the database fails then, the connection is cut: the client sees that the
/// answer is not whole.
async fn snapshot_body(
    cursor: Cursor,
    parts: impl Stream<Item = Result<Vec<Entry>, StoreError>> + Send + 'static,
) -> Result<Body, StoreError> {
    let mut parts = Box::pin(parts);
    let mut text = beginning(cursor);
    push(&mut text, &parts.try_next().await?.unwrap_or_default());
    let Some(second) = parts.try_next().await? else {
        text.extend_from_slice(END);
        return Ok(Body::from(text));
    };
    let mut is_empty = text.ends_with(b"[");
    let later = stream::once(async { Ok(second) }).chain(parts).map_ok(move |part| {
        let mut text = Vec::new();
        if !is_empty && !part.is_empty() {
            text.push(b',');
        }
        is_empty &= part.is_empty();
        push(&mut text, &part);
        text
    });
    let end = stream::once(async { Ok(END.to_vec()) });
    Ok(Body::from_stream(stream::once(async { Ok(text) }).chain(later).chain(end)))
}

const END: &[u8] = b"]}";

fn whole(cursor: Cursor, entries: &[Entry]) -> Vec<u8> {
    let mut text = beginning(cursor);
    push(&mut text, entries);
    text.extend_from_slice(END);
    text
}

fn beginning(cursor: Cursor) -> Vec<u8> {
    format!(r#"{{"cursor":"{cursor}","entries":["#).into_bytes()
}

/// Appends the entries with commas between them.
fn push(text: &mut Vec<u8>, entries: &[Entry]) {
    for (index, Entry { blocked, keep_until, .. }) in entries.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        let exp = keep_until.0;
        let entry = match blocked {
            Blocked::Session(id) => RevocationEntry::Session { sid: id.to_string(), exp },
            Blocked::Token(id) => RevocationEntry::Token { jti: id.to_string(), exp },
        };
        serde_json::to_writer(&mut *text, &entry).expect("ids and numbers are JSON");
    }
}

fn json(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Compresses the answer if it is large and the client accepts that.
async fn compressed(response: Response, headers: &HeaderMap) -> Response {
    let layer =
        CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(SizeAbove::new(COMPRESSED_FROM));
    let mut request = Request::new(());
    for coding in headers.get_all(ACCEPT_ENCODING) {
        request.headers_mut().append(ACCEPT_ENCODING, coding.clone());
    }
    let mut response = Some(response);
    let answering = service_fn(move |_: Request<()>| {
        let response = response.take().ok_or(NotAsked);
        async move { response }
    });
    match layer.layer(answering).oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(NotAsked) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

struct NotAsked;

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[test]
    fn a_client_waits_as_long_as_it_prefers_and_a_minute_at_most() {
        for (given, seconds) in [
            (&["wait=7"][..], 7),
            (&["wait=60"], 60),
            (&["wait=61"], 60),
            (&["respond-async, WAIT=\"9\"; x=y"], 9),
            (&["respond-async", "wait=5"], 5),
            (&["wait=-1"], 0),
            (&["wait"], 0),
            (&[], 0),
        ] {
            let headers =
                given.iter().map(|value| (HeaderName::from_static("prefer"), HeaderValue::from_static(value)));
            assert_eq!(wait(&headers.collect()), Duration::from_secs(seconds), "{given:?}");
        }
    }
}
