//! Lets pages of other origins call the machine doors and read their answers (CORS: the Fetch standard, section 3.3;
//! contract, section 9.3).
//!
//! | door | who may read | answers depend on `Origin` |
//! |---|---|---|
//! | key set and metadata | every origin (`*`) | no |
//! | every other machine door | the origins of `CORS_ORIGINS` | if the setting names any |
//! | pages, `/api/…`, files | no other origin | no |
//!
//! Errors are answers too, so this layer is outside of every layer that can answer with one. Credentials are never allowed:
//! a machine door takes no cookie. tower-http's `CorsLayer` does not fit: it answers a preflight with 200, tells the
//! methods to every origin, and has one list of methods for all doors.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::guard::asks_for_a_page;
use crate::server::domain::web_origins::WebOrigins;
use crate::server::state::AppState;

const ANYONE: HeaderValue = HeaderValue::from_static("*");
const HEADERS: HeaderValue = HeaderValue::from_static("Authorization, Content-Type, If-None-Match, Prefer");
/// Seconds for which a browser keeps the answer to a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// The headers that a page can read in addition to those that are always allowed.
const EXPOSED: HeaderValue = HeaderValue::from_static("ETag, Retry-After, WWW-Authenticate, X-Request-Id");

/// The doors that every origin can read: they are public documents.
const FOR_ANYONE: [&str; 2] = ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server"];

/// The machine doors by their path.
#[derive(Default)]
pub struct MachineDoors(HashMap<&'static str, Door>);

/// All machine doors of one path.
struct Door {
    methods: Vec<Method>,
    /// The value for the answer to a preflight.
    allow: HeaderValue,
    for_anyone: bool,
    /// Whether the same path is a page.
    is_page: bool,
}

/// Marks a request from a page of an allowed origin. `same_origin.rs` lets it pass.
#[derive(Clone, Copy)]
pub struct FromAllowedOrigin;

impl MachineDoors {
    /// Takes methods and paths of all machine doors, and the paths of all pages.
    pub fn new(doors: impl IntoIterator<Item = (Method, &'static str)>, pages: &[String]) -> Self {
        let mut by_path = HashMap::<_, Vec<Method>>::new();
        for (method, path) in doors {
            // A door that takes GET also takes HEAD.
            let head = (method == Method::GET).then_some(Method::HEAD);
            by_path.entry(path).or_default().extend([method].into_iter().chain(head));
        }
        let door = |(path, methods): (&'static str, Vec<Method>)| {
            let names: Vec<_> = methods.iter().map(Method::as_str).collect();
            // Methods are tokens: a list of them is a valid header.
            let allow = HeaderValue::from_str(&names.join(", ")).unwrap_or(ANYONE);
            let is_page = pages.iter().any(|page| page == path);
            (path, Door { methods, allow, for_anyone: FOR_ANYONE.contains(&path), is_page })
        };
        Self(by_path.into_iter().map(door).collect())
    }

    /// Returns the door of a request; none for a page, for `/api/…` and for an unknown path.
    fn find(&self, request: &Request) -> Option<&Door> {
        let door = self.0.get(request.extensions().get::<MatchedPath>()?.as_str())?;
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let shown =
            door.is_page && reads && (!door.methods.contains(&Method::GET) || asks_for_a_page(request.headers()));
        (!shown).then_some(door)
    }
}

impl Door {
    /// Returns the value of `Access-Control-Allow-Origin` for this request.
    fn permission(&self, allowed: &WebOrigins, request: &HeaderMap) -> Option<HeaderValue> {
        if self.for_anyone {
            return Some(ANYONE);
        }
        let mut origins = request.get_all(ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
        allowed.contains(origin.as_bytes()).then(|| origin.clone())
    }
}

/// Answers `OPTIONS` at machine doors, and tells the browser which pages can read their other answers.
pub async fn share(
    State((state, doors)): State<(AppState, Arc<MachineDoors>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(door) = doors.find(&request) else { return next.run(request).await };
    let allowed = &state.config.cors_origins;
    let permission = door.permission(allowed, request.headers());
    let mut response = if *request.method() == Method::OPTIONS {
        preflight(door, permission.is_some())
    } else {
        if permission.is_some() && !door.for_anyone {
            request.extensions_mut().insert(FromAllowedOrigin);
        }
        next.run(request).await
    };
    let headers = response.headers_mut();
    if let Some(origin) = permission {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    if !door.for_anyone && !allowed.is_empty() {
        // Also for an origin that is not allowed, and without one: a cache must not give that answer to an allowed one.
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    response
}

fn preflight(door: &Door, permitted: bool) -> Response {
    let mut response = (StatusCode::NO_CONTENT, [(ALLOW, door.allow.clone())]).into_response();
    if permitted {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, door.allow.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    response
}
