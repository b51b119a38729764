//! A value as the answer, as JSON. Like `axum::Json`, which makes the headers of such an answer in three steps.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Most answers have fewer headers, so their table need not grow.
const HEADERS: usize = 8;
/// Bytes of most answers.
const BYTES: usize = 128;

/// An answer.
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut text = Vec::with_capacity(BYTES);
        // Fails for a map whose keys are no texts. Then the front door answers 500, as after every panic.
        serde_json::to_writer(&mut text, &self.0).expect("the keys of an answer are texts");
        let mut response = Response::new(Body::from(text));
        *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
