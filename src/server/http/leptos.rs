//! Leptos inside axum: the pages, the server functions, the program's files and the 404 page.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, CACHE_CONTROL, LOCATION, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::{Router, routing::get};
use http_body_util::BodyExt as _;
use leptos::nonce::Nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::render_app_to_stream_with_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes as _, generate_route_list_with_exclusions};
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

use super::error::HttpError;
use super::headers::watching;
use crate::api_types::ApiError;
use crate::app::App;
use crate::app::page_facts::PageFacts;
use crate::app::shell::shell;
use crate::server::flows;
use crate::server::state::AppState;

/// The one page that is not always there; its route is ours and not in Leptos's list.
const SETUP: &str = "/setup";
/// Bytes of an error that a server function answers; they are all shorter.
const MAX_ERROR_BYTES: usize = 4096;

/// All pages and server functions. Whoever is let in to which is the guard's business, not ours.
pub fn pages_and_server_functions(state: &AppState) -> Router<AppState> {
    Router::new()
        .leptos_routes_with_context(state, page_listing(), page_context(state), shell)
        .route(SETUP, get(setup_page))
}

/// The paths of all pages, for the list of doors.
pub fn page_paths() -> Vec<String> {
    let listed = page_listing().into_iter().map(|page| page.path().to_owned());
    listed.chain([SETUP.to_owned()]).collect()
}

/// What a path that no door has answers: a file of the site, else the 404 page; JSON to machines.
pub async fn fallback(State(state): State<AppState>, request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || request.uri().path().starts_with("/api/") || wants_json(&request) {
        return HttpError(ApiError::NotFound).into_response();
    }
    let (parts, _) = request.into_parts();
    let mut file_request = Request::new(Body::empty());
    (*file_request.method_mut(), *file_request.uri_mut()) = (parts.method.clone(), parts.uri.clone());
    *file_request.headers_mut() = parts.headers.clone();
    let files = ServeDir::new(&state.config.site_root).append_index_html_on_directories(false);
    let mut file = match files.precompressed_br().precompressed_gzip().oneshot(file_request).await {
        Ok(file) if file.status() != StatusCode::NOT_FOUND => file.into_response(),
        _ => return not_found_page(&state, Request::from_parts(parts, Body::empty())).await,
    };
    file.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(caching(&state, parts.uri.path())));
    file.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    file
}

/// How long a file may be kept. A name with a hash never changes what it holds; without one (development) the browser
/// asks every time; what lies in `public/` changes seldom.
fn caching(state: &AppState, path: &str) -> &'static str {
    let files = &state.site_files;
    let hashed = |file: &&String| file.split('.').count() > 2;
    if [&files.js, &files.wasm, &files.css].into_iter().filter(hashed).any(|file| file == path) {
        "public, max-age=31536000, immutable"
    } else if path.starts_with("/pkg/") {
        "no-cache"
    } else {
        "public, max-age=3600"
    }
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
    if *request.method() == Method::POST && accepts(&request, "text/html") {
        return back_to_the_form(request.uri());
    }
    with_its_status(next.run(request).await).await
}

/// A form posted without the program (no script, or none yet). Leptos would run the function and redirect to whatever
/// `Referer` says, with the token in the body; here nothing runs, and the page says what signing in needs.
fn back_to_the_form(uri: &Uri) -> Response {
    let page = match uri.path() {
        "/api/login" => "/login",
        "/api/signup" => "/signup",
        "/api/setup" => SETUP,
        _ => "/",
    };
    (StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response()
}

/// Leptos 0.8 answers every error with 500; the code in the body says which answer it is to be.
async fn with_its_status(response: Response) -> Response {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let body = http_body_util::Limited::new(response.into_body(), MAX_ERROR_BYTES).collect().await;
    let error = body.ok().and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
    HttpError(error.unwrap_or(ApiError::Internal)).into_response()
}

/// The page for the first account, as long as there is none.
async fn setup_page(State(state): State<AppState>, request: Request) -> Response {
    match flows::setup_is_open(&state).await {
        Ok(true) => render_app_to_stream_with_context(page_context(&state), shell)(request).await,
        Ok(false) => not_found_page(&state, request).await,
        Err(error) => HttpError::from(error).into_response(),
    }
}

async fn not_found_page(state: &AppState, mut request: Request) -> Response {
    // A path that no page has, whichever was asked for.
    *request.uri_mut() = Uri::from_static("/404");
    let mut page = render_app_to_stream_with_context(page_context(state), shell)(request).await;
    *page.status_mut() = StatusCode::NOT_FOUND;
    page
}

fn page_listing() -> Vec<AxumRouteListing> {
    generate_route_list_with_exclusions(App, Some(vec![SETUP.to_owned()]))
}

/// What pages and server functions find in their context, besides what Leptos puts there.
fn page_context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state.clone();
    move || {
        // The nonce of the header that `http/headers.rs` writes; Leptos would draw its own.
        if let Some(nonce) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Nonce>().cloned()) {
            provide_context(nonce);
        }
        provide_context(PageFacts {
            files: state.site_files.clone(),
            signup_open: state.config.signup_open,
            password_min_length: state.config.password_min_length,
            reload: watching().then(|| state.leptos_options.clone()),
        });
    }
}

fn wants_json(request: &Request) -> bool {
    accepts(request, "application/json") && !accepts(request, "text/html")
}

fn accepts(request: &Request, media_type: &str) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains(media_type))
}
