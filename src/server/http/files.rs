//! Serves one file of the pages: compressed if the client accepts that, and 304 if the client has it already.

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use rust_embed::EmbeddedFile;

use crate::server::site::Site;

/// The endings that `cargo leptos --precompress` adds, the smallest file first.
const PACKED: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Returns the file at this path, if there is one.
pub fn file(site: &Site, path: &str, request: &HeaderMap) -> Option<Response> {
    let name = path.strip_prefix('/')?;
    let plain = site.find(name)?;
    let content_type = HeaderValue::from_str(plain.metadata.mimetype()).ok()?;
    let mut packed = PACKED.into_iter().filter(|(coding, _)| accepts(request, coding));
    let packed = packed.find_map(|(coding, suffix)| Some((coding, site.find(&format!("{name}{suffix}"))?)));
    let (coding, file) = packed.map_or((None, plain), |(coding, file)| (Some(coding), file));

    let etag = etag(&file);
    let known = request.typed_get::<IfNoneMatch>().is_some_and(|known| !known.precondition_passes(&etag));
    let mut answer =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(Body::from(file.data)) };
    let headers = answer.headers_mut();
    headers.typed_insert(etag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching(site, path)));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if !known {
        headers.insert(CONTENT_TYPE, content_type);
        if let Some(coding) = coding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
    }
    Some(answer)
}

/// Returns how long a file can be kept. A file with a hash in its name never changes. Without a hash (development) the
/// browser asks every time. The files of `public/` seldom change.
///
/// The browser asks for the script every time, too: `cargo leptos` first makes the script's name and then writes the names
/// of the other files into it, so its hash does not show every change.
fn caching(site: &Site, path: &str) -> &'static str {
    let hashed = site.files.js.split('.').count() > 2;
    let in_pkg = path.starts_with("/pkg/");
    if in_pkg && hashed && path != site.files.js {
        "public, max-age=31536000, immutable"
    } else if in_pkg {
        "no-cache"
    } else {
        "public, max-age=3600"
    }
}

/// The `ETag` of the bytes that are sent: compressed and plain bytes have different ones.
fn etag(file: &EmbeddedFile) -> ETag {
    let hash = file.metadata.sha256_hash();
    let start = u128::from_be_bytes(std::array::from_fn(|at| hash[at]));
    format!("\"{start:032x}\"").parse().expect("hexadecimal digits in quotes are an entity tag")
}

/// Returns whether the client names this coding and does not refuse it with `q=0`.
fn accepts(request: &HeaderMap, coding: &str) -> bool {
    let lists = request.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|entry| {
        let (named, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        named.trim().eq_ignore_ascii_case(coding) && weight.map_or(true, |weight| weight > 0.0)
    })
}
