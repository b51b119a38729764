//! What a machine door is, and how the door of a request is found.

use std::collections::HashMap;
use std::pin::Pin;

use axum::extract::{FromRequestParts, Request};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use percent_encoding::percent_decode_str;

use super::error::HttpError;
use super::guard::{Admits, door};
use crate::api_types::ApiError;
use crate::server::measure::{DoorNumber, Doors};
use crate::server::state::AppState;

/// The work of a door.
pub type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A door: its method and path, and the function that answers.
pub struct Door {
    pub method: Method,
    pub path: &'static str,
    any_method: bool,
    handler: Box<dyn Fn(Request, AppState) -> Answering + Send + Sync>,
}

/// A door that takes GET, and HEAD.
pub fn get<T>(path: &'static str, handler: impl Handler<T, AppState, Future = Answering>) -> Door {
    Door::new(Method::GET, path, handler)
}

pub fn post<T>(path: &'static str, handler: impl Handler<T, AppState, Future = Answering>) -> Door {
    Door::new(Method::POST, path, handler)
}

pub fn delete<T>(path: &'static str, handler: impl Handler<T, AppState, Future = Answering>) -> Door {
    Door::new(Method::DELETE, path, handler)
}

pub fn patch<T>(path: &'static str, handler: impl Handler<T, AppState, Future = Answering>) -> Door {
    Door::new(Method::PATCH, path, handler)
}

/// A door that takes every method. It is listed as one that takes GET, and changes nothing.
pub fn any<T>(path: &'static str, handler: impl Handler<T, AppState, Future = Answering>) -> Door {
    Door { any_method: true, ..Door::new(Method::GET, path, handler) }
}

impl Door {
    fn new<T>(method: Method, path: &'static str, handler: impl Handler<T, AppState, Future = Answering>) -> Self {
        // A handler is a function: a copy of it is nothing.
        Self {
            method,
            path,
            any_method: false,
            handler: Box::new(move |request, state| handler.clone().call(request, state)),
        }
    }

    /// Returns the name of the door, as the lists of `guard.rs` write it.
    pub fn name(&self) -> String {
        door(&self.method, self.path)
    }

    fn takes(&self, method: &Method) -> bool {
        self.any_method || self.method == *method || (self.method == Method::GET && *method == Method::HEAD)
    }
}

/// All machine doors, by their paths.
pub struct MachineDoors {
    /// Few enough to look through: no hash is computed.
    fixed: Vec<(&'static str, DoorsOfPath)>,
    /// Those whose path ends in a part that varies, each with what comes before it.
    varying: Vec<(&'static str, DoorsOfPath)>,
}

/// The doors of one path.
#[derive(Default)]
pub struct DoorsOfPath {
    doors: Vec<KnownDoor>,
    /// Whether the same path is a page.
    pub is_page: bool,
}

/// A door, and what does not change from request to request.
pub struct KnownDoor {
    door: Door,
    pub admits: Admits,
    pub number: DoorNumber,
}

impl MachineDoors {
    /// `pages`: the paths of all pages. `counted`: the doors with their counters.
    pub fn new(doors: Vec<Door>, pages: &[String], counted: &Doors) -> Self {
        let mut fixed = HashMap::<_, DoorsOfPath>::new();
        for door in doors {
            let of_path = fixed.entry(door.path).or_default();
            of_path.is_page = pages.iter().any(|page| page == door.path);
            let (admits, number) = (Admits::of(&door.name()), counted.find(door.method.as_str(), door.path));
            of_path.doors.push(KnownDoor { door, admits, number });
        }
        let (varying, fixed) = fixed.into_iter().partition::<Vec<_>, _>(|(path, _)| path.contains('{'));
        let before = |path: &'static str| path.split('{').next().unwrap_or_default();
        Self { fixed, varying: varying.into_iter().map(|(path, doors)| (before(path), doors)).collect() }
    }

    /// Returns the doors of a path.
    pub fn find(&self, path: &str) -> Option<&DoorsOfPath> {
        let fixed = self.fixed.iter().find(|(known, _)| *known == path).map(|(_, doors)| doors);
        fixed.or_else(|| {
            let is_part = |rest: &str| !rest.is_empty() && !rest.contains('/');
            let mut varying = self.varying.iter();
            varying.find(|(before, _)| path.strip_prefix(before).is_some_and(is_part)).map(|(_, doors)| doors)
        })
    }
}

impl DoorsOfPath {
    /// Returns the door for a method.
    pub fn find(&self, method: &Method) -> Option<&KnownDoor> {
        self.doors.iter().find(|known| known.door.takes(method))
    }

    /// Returns whether one of the doors takes every method: then even OPTIONS is no question about the doors.
    pub fn take_any_method(&self) -> bool {
        self.doors.iter().any(|known| known.door.any_method)
    }

    pub fn path(&self) -> &'static str {
        self.doors.first().map_or("", |known| known.door.path)
    }

    /// Returns the path of every request to these doors, if no part of it varies.
    pub fn fixed_path(&self) -> Option<&'static str> {
        Some(self.path()).filter(|path| !path.contains('{'))
    }

    /// Returns the methods of the doors.
    pub fn methods(&self) -> impl Iterator<Item = &Method> {
        self.doors.iter().flat_map(|known| {
            // A door that takes GET also takes HEAD.
            let head = (known.door.method == Method::GET).then_some(&Method::HEAD);
            std::iter::once(&known.door.method).chain(head)
        })
    }

    /// Returns the value of `Allow` for a method that neither a door nor the page of this path takes.
    pub fn allow(&self) -> HeaderValue {
        let of_page = (self.is_page && self.find(&Method::GET).is_none()).then_some([&Method::GET, &Method::HEAD]);
        list(self.methods().chain(of_page.into_iter().flatten()), ",")
    }
}

impl KnownDoor {
    pub fn answer(&self, request: Request, state: AppState) -> Answering {
        (self.door.handler)(request, state)
    }
}

/// Methods are tokens: a list of them is a valid header.
pub fn list<'m>(methods: impl Iterator<Item = &'m Method>, between: &str) -> HeaderValue {
    let methods: Vec<_> = methods.map(Method::as_str).collect();
    HeaderValue::from_str(&methods.join(between)).unwrap_or(HeaderValue::from_static(""))
}

/// The part of the path that varies: the last one.
pub struct LastPart(pub String);

impl<S: Sync> FromRequestParts<S> for LastPart {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        let part = parts.uri.path().rsplit('/').next().unwrap_or_default();
        // What is no text names nothing.
        let part = percent_decode_str(part).decode_utf8().map_err(|_| HttpError(ApiError::NotFound))?;
        Ok(Self(part.into_owned()))
    }
}
