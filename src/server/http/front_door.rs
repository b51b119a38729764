//! The front door: the way of every request, from the connection to the function that answers, and back.
//!
//! [`FrontDoor::answer`] is that way, in order. What a request is (a door of machines, or one of pages) is decided once, by
//! [`FrontDoor::find`]. What only pages need is around pages alone (`leptos.rs`).

use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_LENGTH};
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse as _, Response};
use leptos::nonce::Nonce;
use tower::Service;
use tracing::error;

use super::cors::Sharing;
use super::error::HttpError;
use super::guard::{Admits, asks_for_a_page, guarded, is_public};
use super::headers::Protection;
use super::limits::Limits;
use super::machine_doors::{DoorsOfPath, KnownDoor, MachineDoors};
use super::public_name::lead_to_name;
use super::request_log::{Asked, X_REQUEST_ID, id_of};
use super::turns::Turns;
use super::visit::Visit;
use super::{body, leptos as pages, same_origin};
use crate::api_types::ApiError;
use crate::server::hash_pool::Overloaded;
use crate::server::measure::{DoorNumber, Doors};
use crate::server::request_id::within;
use crate::server::state::AppState;

/// The whole application as a service. Cloning it clones a pointer.
#[derive(Clone)]
pub struct FrontDoor(Arc<Parts>);

struct Parts {
    state: AppState,
    limits: Limits,
    machine_doors: MachineDoors,
    /// Pages, server functions, files, and the answer to everything else.
    pages: Router,
    turns: Turns,
    protection: Protection,
    counted: Arc<Doors>,
}

/// What a request is.
#[derive(Clone, Copy)]
enum Way<'d> {
    Machine(&'d DoorsOfPath, &'d KnownDoor),
    /// A browser asks what a page of another origin may send to these doors.
    Preflight(&'d DoorsOfPath),
    WrongMethod(&'d DoorsOfPath),
    ServerFunction,
    Page,
}

impl FrontDoor {
    pub fn new(state: &AppState, limits: Limits, machine_doors: MachineDoors, counted: Arc<Doors>) -> Self {
        let (pages, protection) = (pages::router(state), Protection::new(state));
        let state = state.clone();
        Self(Arc::new(Parts { state, limits, machine_doors, pages, turns: Turns::new(), protection, counted }))
    }

    /// The way of a request.
    ///
    /// Futures on this way are pinned where they are, and those that few requests need are boxed: every request copies what
    /// is left.
    pub async fn answer(&self, mut request: Request) -> Response {
        let door = &*self.0;
        let arrived = Visit::of(&mut request).arrived;
        let id = id_of(&door.state, &mut request);
        let work = pin!(async move {
            let (way, number) = self.find(&request);
            // 1. A public request waits for its turn.
            let turn = if !way.is_public(&request) || door.turns.take() {
                Ok(())
            } else {
                Box::pin(door.turns.wait(&door.state, &mut request)).await
            };
            let asked = Asked::of(&request, way.doors().and_then(DoorsOfPath::fixed_path), arrived);
            // The client of a door that takes every method is a proxy, which asks about a request to another server.
            let shared = way.doors().filter(|doors| !doors.take_any_method());
            let sharing = shared.map(|doors| Sharing::of(doors, &door.state.config.cors_origins, request.headers()));
            let nonce = way.nonce(&mut request);
            // 2. It is answered.
            let head = asked.method == Method::HEAD;
            let answered = unless_it_panics(pin!(self.pass(way, turn, sharing.as_ref(), request))).await;
            let mut response = if head && !way.is_of_pages() { without_body(answered) } else { answered };
            // 3. The answer is completed, counted and logged.
            if let Some(sharing) = sharing {
                sharing.tell(response.headers_mut());
            }
            match nonce {
                Some(nonce) => door.protection.of_page(&mut response, &nonce),
                None => door.protection.of_data(response.headers_mut()),
            }
            asked.log(&door.state.measures, &door.counted, number, &response);
            response
        });
        let mut response = within(id, work).await;
        if let Ok(id) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        response
    }

    /// Decides what a request is.
    fn find(&self, request: &Request) -> (Way<'_>, DoorNumber) {
        let door = &*self.0;
        let (method, path) = (request.method(), request.uri().path());
        let number = || door.counted.find(method.as_str(), path);
        let reads = matches!(*method, Method::GET | Method::HEAD);
        match door.machine_doors.find(path) {
            Some(doors) if *method == Method::OPTIONS && !doors.take_any_method() => (Way::Preflight(doors), number()),
            Some(doors) => match doors.find(method) {
                // A page for browsers, and a door for machines.
                _ if doors.is_page && reads && asks_for_a_page(request.headers()) => (Way::Page, number()),
                Some(known) => (Way::Machine(doors, known), known.number),
                None if doors.is_page && reads => (Way::Page, number()),
                None => (Way::WrongMethod(doors), number()),
            },
            None if path.starts_with(pages::SERVER_FUNCTIONS) => (Way::ServerFunction, number()),
            None => (Way::Page, number()),
        }
    }

    /// Lets a request pass what stands before every door, then the door's own guard.
    async fn pass(
        &self,
        way: Way<'_>,
        turn: Result<(), Overloaded>,
        sharing: Option<&Sharing<'_>>,
        request: Request,
    ) -> Result<Response, HttpError> {
        let door = &*self.0;
        if let (Way::Preflight(_), Some(sharing)) = (way, sharing) {
            return Ok(sharing.preflight());
        }
        turn?;
        body::check_head(&request)?;
        let request = if request.body().is_end_stream() {
            request
        } else {
            Box::pin(body::read(request, door.limits.body_time)).await?
        };
        // The application must judge where the request comes from.
        let for_another = matches!(way, Way::Machine(doors, _) if doors.take_any_method());
        let allowed = for_another || sharing.is_some_and(Sharing::with_an_allowed_origin);
        same_origin::check(&door.state, &request, allowed)?;
        match way {
            Way::Machine(_, known) => {
                let answer = |request| known.answer(request, door.state.clone());
                Ok(guarded(&door.state, known.admits, request, answer).await)
            }
            Way::Preflight(doors) | Way::WrongMethod(doors) => {
                Ok(([(ALLOW, doors.allow())], HttpError(ApiError::MethodNotAllowed)).into_response())
            }
            Way::ServerFunction | Way::Page => {
                if let Some(elsewhere) = lead_to_name(&door.state, &request) {
                    return Ok(elsewhere);
                }
                let Ok(answer) = Box::pin(door.pages.clone().call(request)).await;
                Ok(answer)
            }
        }
    }
}

impl Way<'_> {
    fn is_public(self, request: &Request) -> bool {
        match self {
            Self::Machine(_, known) => matches!(known.admits, Admits::Anybody),
            Self::Preflight(_) | Self::WrongMethod(_) => false,
            Self::ServerFunction | Self::Page => is_public(request.method(), request.uri().path()),
        }
    }

    fn is_of_pages(self) -> bool {
        matches!(self, Self::ServerFunction | Self::Page)
    }

    fn doors(&self) -> Option<&DoorsOfPath> {
        match self {
            Self::Machine(doors, _) | Self::Preflight(doors) | Self::WrongMethod(doors) => Some(doors),
            Self::ServerFunction | Self::Page => None,
        }
    }

    /// Draws the nonce for the scripts of a page. `leptos.rs` gives it to the page.
    fn nonce(self, request: &mut Request) -> Option<Nonce> {
        let nonce = matches!(self, Self::Page).then(Nonce::new)?;
        request.extensions_mut().insert(nonce.clone());
        Some(nonce)
    }
}

impl Service<Request> for FrontDoor {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let door = self.clone();
        Box::pin(async move { Ok(door.answer(request).await) })
    }
}

/// Answers 500 if the work panics; the process goes on.
async fn unless_it_panics(mut work: Pin<&mut impl Future<Output = Result<Response, HttpError>>>) -> Response {
    let answered = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(progress) => progress,
        Err(cause) => Poll::Ready(Err(panicked(&*cause))),
    });
    answered.await.unwrap_or_else(HttpError::into_response)
}

fn panicked(cause: &(dyn Any + Send)) -> HttpError {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    error!(cause = text.unwrap_or("unknown"), "A handler panicked");
    HttpError(ApiError::Internal)
}

/// The answer to HEAD: that to GET without its body (RFC 9110, section 9.3.2).
fn without_body(mut response: Response) -> Response {
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(length.into());
    }
    *response.body_mut() = Body::empty();
    response
}
