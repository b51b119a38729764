//! Lets pages of other origins call the machine doors and read their answers (CORS: the Fetch standard, section 3.3;
//! contract, section 9.3).
//!
//! | door | who may read | answers depend on `Origin` |
//! |---|---|---|
//! | key set and metadata | every origin (`*`) | no |
//! | `/forward-auth` | no other origin: its client is a proxy | no |
//! | every other machine door | the origins of `CORS_ORIGINS` | if the setting names any |
//! | pages, `/api/…`, files | no other origin | no |
//!
//! Errors are answers too, so `front_door.rs` adds these headers at the end. Credentials are never allowed:
//! a machine door takes no cookie. tower-http's `CorsLayer` does not fit: it answers a preflight with 200, tells the
//! methods to every origin, and has one list of methods for all doors.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::machine_doors::{DoorsOfPath, list};
use crate::server::domain::web_origins::WebOrigins;

const ANYONE: HeaderValue = HeaderValue::from_static("*");
const HEADERS: HeaderValue = HeaderValue::from_static("Authorization, Content-Type, If-None-Match, Prefer");
/// Seconds for which a browser keeps the answer to a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// The headers that a page can read in addition to those that are always allowed.
const EXPOSED: HeaderValue = HeaderValue::from_static("ETag, Retry-After, WWW-Authenticate, X-Request-Id");

/// The doors that every origin can read: they are public documents.
const FOR_ANYONE: [&str; 2] = ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server"];

/// Which pages can read the answer to a request.
pub struct Sharing<'d> {
    doors: &'d DoorsOfPath,
    for_anyone: bool,
    /// The value of `Access-Control-Allow-Origin`.
    permission: Option<HeaderValue>,
    varies: bool,
}

impl<'d> Sharing<'d> {
    /// `allowed`: the setting.
    pub fn of(doors: &'d DoorsOfPath, allowed: &WebOrigins, request: &HeaderMap) -> Self {
        let for_anyone = FOR_ANYONE.contains(&doors.path());
        let permission = if for_anyone { Some(ANYONE) } else { allowed_origin(allowed, request) };
        // Also for an origin that is not allowed, and without one: a cache must not give that answer to an allowed one.
        Self { doors, for_anyone, permission, varies: !for_anyone && !allowed.is_empty() }
    }

    /// Whether the request comes from a page of an allowed origin. `same_origin.rs` lets it pass.
    pub fn with_an_allowed_origin(&self) -> bool {
        self.permission.is_some() && !self.for_anyone
    }

    /// Answers `OPTIONS`.
    pub fn preflight(&self) -> Response {
        let allow = list(self.doors.methods(), ", ");
        let mut response = (StatusCode::NO_CONTENT, [(ALLOW, allow.clone())]).into_response();
        if self.permission.is_some() {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, allow);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        }
        response
    }

    /// Tells the browser which pages can read an answer.
    pub fn tell(self, headers: &mut HeaderMap) {
        if let Some(origin) = self.permission {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        if self.varies {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
    }
}

/// Returns the origin of a request, if there is exactly one and it is allowed.
fn allowed_origin(allowed: &WebOrigins, request: &HeaderMap) -> Option<HeaderValue> {
    if allowed.is_empty() {
        return None;
    }
    let mut origins = request.get_all(ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
    allowed.contains(origin.as_bytes()).then(|| origin.clone())
}
