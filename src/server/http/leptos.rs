//! Leptos inside axum: the pages, the server functions and the 404 page.

use std::sync::LazyLock;

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use axum::{Extension, Router, routing::get};
use http_body_util::BodyExt as _;
use leptos::nonce::Nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::render_app_to_stream_with_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes as _, generate_route_list_with_exclusions};

use super::cookies::session_of_cookie;
use super::error::HttpError;
use super::files::file;
use super::guard::asks_for_a_page;
use super::headers::watching;
use crate::api_types::ApiError;
use crate::app::App;
use crate::app::page_facts::{PageFacts, TokenFacts};
use crate::app::shell::shell;
use crate::server::flows;
use crate::server::state::AppState;

/// The one page that is not always there; its route is ours and not in Leptos's list.
const SETUP: &str = "/setup";
/// The page that shares its path with a machines' door; its route is that door's.
const SESSIONS: &str = "/sessions";
/// Where password managers look for the page that changes a password (W3C, "A Well-Known URL for Changing Passwords").
pub const CHANGE_PASSWORD: &str = "/.well-known/change-password";
/// The page that needs to know how tokens are checked.
const INSPECTOR: &str = "/inspector";
/// Bytes of an error that a server function answers; they are all shorter.
const MAX_ERROR_BYTES: usize = 4096;

/// Beside a request whose cookie is of a session that lives.
#[derive(Clone, Copy)]
struct SeemsSignedIn;

/// All pages and server functions. Whoever is let in to which is the guard's business, not ours.
pub fn pages_and_server_functions(state: &AppState) -> Router<AppState> {
    Router::new()
        .leptos_routes_with_context(state, page_listing(), page_context(state), shell)
        .route_layer(from_fn_with_state(state.clone(), with_session_noted))
        .route(SETUP, get(setup_page))
        .route(CHANGE_PASSWORD, get((StatusCode::FOUND, [(LOCATION, "/account")])))
}

/// The paths of all pages.
pub fn page_paths() -> &'static [String] {
    // Leptos finds them by rendering everything once.
    static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let listed = page_listing().into_iter().map(|page| page.path().to_owned());
        listed.chain([SETUP, SESSIONS].map(str::to_owned)).collect()
    });
    &PATHS
}

/// What a path that no door has answers: a file of the site, the page that was meant, else the 404 page; JSON to machines.
pub async fn fallback(State(state): State<AppState>, request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || request.uri().path().starts_with("/api/") || wants_json(&request) {
        return HttpError(ApiError::NotFound).into_response();
    }
    if let Some(file) = file(&state.site, request.uri().path(), request.headers()) {
        return file;
    }
    match page_without_slash(&request) {
        Some(page) => (StatusCode::PERMANENT_REDIRECT, [(LOCATION, page)]).into_response(),
        None => not_found_page(&state, request).await,
    }
}

/// The address of a page that was typed with a slash at the end, without that slash. It begins with the path of one of our
/// pages, whatever was asked for: it leads nowhere else.
fn page_without_slash(request: &Request) -> Option<HeaderValue> {
    let path = request.uri().path().strip_suffix('/').filter(|path| *path != "/")?;
    let page = page_paths().iter().find(|page| *page == path)?;
    if page == SESSIONS && !asks_for_a_page(request.headers()) {
        return None;
    }
    let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    HeaderValue::from_bytes(format!("{page}{query}").as_bytes()).ok()
}

/// Around the server functions: what Leptos does otherwise than the contract wants.
pub async fn server_function_manners(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    if *request.method() == Method::HEAD {
        // axum takes HEAD for GET, Leptos then finds no function.
        return ([(ALLOW, "GET")], HttpError(ApiError::MethodNotAllowed)).into_response();
    }
    if *request.method() == Method::POST && asks_for_a_page(request.headers()) {
        return posted_without_the_program(request, next).await;
    }
    with_its_status(next.run(request).await).await
}

/// A form posted by the browser itself: without scripts, or before the program was there. Leptos would redirect to whatever
/// `Referer` says, with the token in the body. Here the function runs as for the program, and of its answer only the
/// cookie is passed on: to the dashboard, which gets its access token by refreshing, or back to the form with what failed.
async fn posted_without_the_program(mut request: Request, next: Next) -> Response {
    let (form, then) = match request.uri().path() {
        "/api/login" => ("/login", "/dashboard"),
        "/api/signup" => ("/signup", "/dashboard"),
        "/api/setup" => (SETUP, "/dashboard"),
        "/api/logout" => ("/login", "/"),
        // Nothing else is a form.
        _ => return (StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response(),
    };
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    let answer = next.run(request).await;
    let cookies = answer.headers().get_all(SET_COOKIE).iter().cloned().map(|cookie| (SET_COOKIE, cookie));
    let cookies = AppendHeaders(cookies.collect::<Vec<_>>());
    if answer.status().is_success() {
        return (StatusCode::SEE_OTHER, cookies, [(LOCATION, then)]).into_response();
    }
    let error = error_of(answer).await;
    let page = format!("{form}?error={}", error.code());
    // What `HttpError` does, for whoever counts and logs it.
    (StatusCode::SEE_OTHER, cookies, [(LOCATION, page)], Extension(error)).into_response()
}

/// Leptos 0.8 answers every error with 500; the code in the body says which answer it is to be.
async fn with_its_status(response: Response) -> Response {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (parts, body) = response.into_parts();
    let mut answer = HttpError(error_of(Response::new(body)).await).into_response();
    // How long to wait stands in a header.
    if let Some(wait) = parts.headers.get(RETRY_AFTER) {
        answer.headers_mut().insert(RETRY_AFTER, wait.clone());
    }
    answer
}

/// The error in a body.
async fn error_of(response: Response) -> ApiError {
    let body = http_body_util::Limited::new(response.into_body(), MAX_ERROR_BYTES).collect().await;
    let error = body.ok().and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
    error.unwrap_or(ApiError::Internal)
}

/// The page for the first account, as long as there is none.
async fn setup_page(State(state): State<AppState>, request: Request) -> Response {
    match flows::setup_is_open(&state).await {
        Ok(true) => render_page(&state, request).await,
        Ok(false) => not_found_page(&state, request).await,
        Err(error) => HttpError::from(error).into_response(),
    }
}

async fn not_found_page(state: &AppState, mut request: Request) -> Response {
    // A path that no page has, whichever was asked for.
    *request.uri_mut() = Uri::from_static("/404");
    let mut page = render_page(state, request).await;
    *page.status_mut() = StatusCode::NOT_FOUND;
    page
}

/// The document of the path that was asked for.
pub async fn render_page(state: &AppState, mut request: Request) -> Response {
    note_session(state, &mut request).await;
    render_app_to_stream_with_context(page_context(state), shell)(request).await
}

fn page_listing() -> Vec<AxumRouteListing> {
    generate_route_list_with_exclusions(App, Some([SETUP, SESSIONS].map(str::to_owned).to_vec()))
}

/// What pages and server functions find in their context, besides what Leptos puts there.
fn page_context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state.clone();
    move || {
        // The nonce of the header that `http/headers.rs` writes; Leptos would draw its own.
        if let Some(nonce) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Nonce>().cloned()) {
            provide_context(nonce);
        }
        let path = use_context::<Parts>().map(|parts| parts.uri.path().to_owned());
        let at_the_inspector = path.as_deref() == Some(INSPECTOR);
        provide_context(PageFacts {
            files: state.site.files.clone(),
            signup_open: state.config.signup_open,
            password_min_length: state.config.password_min_length,
            token_storage: state.config.token_storage,
            signed_in: use_context::<Parts>().is_some_and(|parts| parts.extensions.get::<SeemsSignedIn>().is_some()),
            tokens: if at_the_inspector { token_facts(&state) } else { TokenFacts::default() },
            reload: watching().then(|| state.leptos_options.clone()),
        });
    }
}

/// Around the pages that Leptos routes by itself.
async fn with_session_noted(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    // A server function shows no header.
    if !request.uri().path().starts_with("/api/") {
        note_session(&state, &mut request).await;
    }
    next.run(request).await
}

/// A hint for the header, so that nothing flickers: whether the cookie is of a session that lives.
async fn note_session(state: &AppState, request: &mut Request) {
    let Some(session) = session_of_cookie(state, request.headers()) else { return };
    // A store that cannot say so says no: it is for the looks.
    if flows::session_lives(state, session.id).await.unwrap_or(false) {
        request.extensions_mut().insert(SeemsSignedIn);
    }
}

fn token_facts(state: &AppState) -> TokenFacts {
    TokenFacts {
        issuer: state.config.jwt_issuer.clone(),
        audience: state.config.jwt_audience.clone(),
        // Public keys are plain strings: writing them cannot fail.
        jwks: serde_json::to_string(&state.keys.load().jwks(state.world.now())).unwrap_or_default(),
    }
}

fn wants_json(request: &Request) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json")) && !asks_for_a_page(request.headers())
}
