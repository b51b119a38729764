//! Lets pages of other origins call the machine doors and read their answers (CORS: the Fetch standard, section 3.3;
//! contract, section 9.3).
//!
//! | door | who may read | answers depend on `Origin` |
//! |---|---|---|
//! | key set and metadata | every origin (`*`) | no |
//! | every other machine door | the origins of `CORS_ORIGINS` | if the setting names any |
//! | pages, `/api/…`, files | nobody else | no |
//!
//! Errors are answers too: this stands outside of everything that answers one. Credentials are never allowed: a machine door
//! takes no cookie. Not tower-http's `CorsLayer`: it answers a preflight with 200, tells every origin the methods, and has
//! one list of methods for all doors.

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
/// Seconds for which a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// What a page may read besides the headers that it always may.
const EXPOSED: HeaderValue = HeaderValue::from_static("ETag, Retry-After, WWW-Authenticate, X-Request-Id");

/// The doors that every origin may read: they are public documents.
const FOR_ANYONE: [&str; 2] = ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server"];

/// The machine doors by their path.
#[derive(Default)]
pub struct MachineDoors(HashMap<&'static str, Door>);

/// All machine doors of one path.
struct Door {
    methods: Vec<Method>,
    /// As a preflight is told them.
    allow: HeaderValue,
    for_anyone: bool,
    /// Whether the same path is a page.
    is_page: bool,
}

/// Beside a request that a page of an allowed origin made its browser send. `same_origin.rs` lets it pass.
#[derive(Clone, Copy)]
pub struct FromAllowedOrigin;

impl MachineDoors {
    /// Takes methods and paths of all machine doors, and the paths of all pages.
    pub fn new(doors: impl IntoIterator<Item = (Method, &'static str)>, pages: &[String]) -> Self {
        let mut by_path = HashMap::<_, Vec<Method>>::new();
        for (method, path) in doors {
            // Where one can GET one can HEAD.
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

    /// The door that a request is for; none if it is for a page, for `/api/…` or for nothing.
    fn find(&self, request: &Request) -> Option<&Door> {
        let door = self.0.get(request.extensions().get::<MatchedPath>()?.as_str())?;
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let shown =
            door.is_page && reads && (!door.methods.contains(&Method::GET) || asks_for_a_page(request.headers()));
        (!shown).then_some(door)
    }
}

impl Door {
    /// What `Access-Control-Allow-Origin` says to this request.
    fn permission(&self, allowed: &WebOrigins, request: &HeaderMap) -> Option<HeaderValue> {
        if self.for_anyone {
            return Some(ANYONE);
        }
        let mut origins = request.get_all(ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
        allowed.contains(origin.as_bytes()).then(|| origin.clone())
    }
}

/// Answers `OPTIONS` at machine doors, and tells the browser which pages may read their other answers.
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
        // Also for an origin that is not allowed, and for none: a cache must not give their answer to one that is.
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
