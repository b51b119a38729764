//! Entity tags: whether the client has the answer already (RFC 9110, section 13.1.2).

use axum::http::HeaderMap;
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};

/// Returns whether the client knows the answer with this tag: it sent the tag in `If-None-Match`.
pub fn is_known(headers: &HeaderMap, tag: &ETag) -> bool {
    headers.typed_get::<IfNoneMatch>().is_some_and(|known| !known.precondition_passes(tag))
}
