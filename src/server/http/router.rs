//! All doors: one table for the machine doors, the pages and server functions from Leptos, and the layers around them.

use std::sync::Arc;

use ::leptos::server_fn::axum::server_fn_paths;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, Method, StatusCode, Version};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tracing::error;

use super::cors::MachineDoors;
use super::error::HttpError;
use super::guard::{door, guard};
use super::listener::Limits;
use super::turns::Turns;
use super::{body, cors, headers, leptos, request_log, routes, same_origin, turns};
use crate::api_types::ApiError;
use crate::server::measure::Doors;
use crate::server::state::AppState;

/// The machine doors. `guard.rs` names those that answer without a token; all others are protected.
fn machine_doors() -> Vec<(Method, &'static str, MethodRouter<AppState>)> {
    vec![
        (Method::POST, "/login", post(routes::login::login)),
        (Method::GET, "/protected", get(routes::protected::protected)),
        (Method::DELETE, "/logout", delete(routes::logout::logout)),
        (Method::POST, "/logout", post(routes::logout::logout)),
        (Method::POST, "/refresh", post(routes::refresh::refresh)),
        (Method::GET, "/me", get(routes::me::me)),
        (Method::POST, "/password", post(routes::password::change)),
        (Method::GET, "/sessions", get(routes::sessions::list)),
        (Method::DELETE, "/sessions", delete(routes::sessions::end_others)),
        (Method::DELETE, "/sessions/{id}", delete(routes::sessions::end)),
        (Method::POST, "/signup", post(routes::signup::signup)),
        (Method::GET, "/healthz", get(routes::health::healthz)),
        (Method::GET, "/readyz", get(routes::health::readyz)),
        (Method::GET, "/.well-known/jwks.json", get(routes::well_known::jwks)),
        (Method::GET, "/.well-known/oauth-authorization-server", get(routes::well_known::authorization_server)),
        (Method::POST, "/introspect", post(routes::introspect::introspect)),
        (Method::POST, "/revoke", post(routes::revoke::revoke)),
        (Method::GET, "/revocations", get(routes::revocations::revocations)),
        (Method::GET, "/metrics", get(routes::metrics::metrics)),
        (Method::GET, "/openapi.json", get(routes::openapi::openapi)),
    ]
}

/// The doors that exist while `LESSON` is on.
fn lesson_doors() -> Vec<(Method, &'static str, MethodRouter<AppState>)> {
    vec![
        (Method::GET, "/sign-token", get(routes::lesson::sign_token)),
        (Method::POST, "/verify-token", post(routes::lesson::verify_token)),
    ]
}

/// Returns the names of the machine doors, the lesson's included.
#[must_use]
pub fn machine_door_names() -> Vec<String> {
    machine_doors().into_iter().chain(lesson_doors()).map(|(method, path, _)| door(&method, path)).collect()
}

/// Returns the names of all doors, as `guard.rs` writes them, for the spec that calls each without a token.
#[must_use]
pub fn doors() -> Vec<String> {
    let functions = server_fn_paths().map(|(path, method)| door(&method, path));
    let pages = leptos::page_paths().iter().map(String::as_str).chain([leptos::CHANGE_PASSWORD]);
    let pages = pages.map(|path| door(&Method::GET, path));
    machine_door_names().into_iter().chain(functions).chain(pages).collect()
}

/// Builds the whole application.
pub fn router(state: &AppState, limits: Limits) -> Router {
    let measured = Arc::new(Doors::new(self::doors()));
    let lesson = state.config.lesson.then(lesson_doors).unwrap_or_default();
    let machine_doors: Vec<_> = machine_doors().into_iter().chain(lesson).collect();
    let names = machine_doors.iter().map(|(method, path, _)| (method.clone(), *path));
    let shared = Arc::new(MachineDoors::new(names, leptos::page_paths()));
    let doors = machine_doors
        .into_iter()
        .fold(Router::new(), |router, (_, path, door)| router.route(path, door))
        .merge(leptos::pages_and_server_functions(state))
        .route_layer(from_fn(leptos::server_function_manners))
        .route_layer(from_fn_with_state(state.clone(), guard));

    // The last layer is the outermost: a public request waits for its turn first, and the log sees what the client sees.
    doors
        .fallback(leptos::fallback)
        .method_not_allowed_fallback(|| async { HttpError(ApiError::MethodNotAllowed) })
        .layer(from_fn_with_state(state.clone(), same_origin::same_origin))
        .layer(from_fn_with_state(limits, body::read_body))
        .layer(CompressionLayer::new().compress_when(is_page))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state((state.clone(), shared), cors::share))
        .layer(from_fn_with_state(state.clone(), headers::secure_headers))
        .layer(from_fn_with_state((state.clone(), measured), request_log::log_request))
        .layer(from_fn_with_state((state.clone(), Turns::new()), turns::take_turns))
        .with_state(state.clone())
}

/// Compresses pages only, because they hold nothing secret. The compressed length of an answer with a token and text from
/// an attacker would reveal the token (BREACH). Files are compressed already.
fn is_page(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"))
}

/// Answers 500 if a handler panics; the process goes on.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
    let cause = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    error!(cause = cause.unwrap_or("unknown"), "A handler panicked");
    HttpError(ApiError::Internal).into_response()
}
