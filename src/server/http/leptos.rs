//! Leptos inside axum: the pages, the server functions and the 404 page.

use std::sync::LazyLock;

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, LOCATION, RETRY_AFTER, SET_COOKIE, VARY};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, routing::get};
use leptos::nonce::Nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::render_app_to_stream_with_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes as _, generate_route_list_with_exclusions};
use tower_http::compression::CompressionLayer;
use url::Url;

use super::cookies::{challenge_cookie, refresh_cookie, sends_cookies, session_of_cookie};
use super::error::HttpError;
use super::files::file;
use super::guard::{asks_for_a_page, guard};
use super::headers::{LeadsTo, is_html, watching};
use super::lead_back::{ShutOut, lead_back};
use super::next::{next_in, of_application};
use super::posted_forms::{error_of, posted_without_the_program};
use crate::api_types::{ApiError, AskedFactors};
use crate::app::App;
use crate::app::next::{SECOND_FACTOR, accepted};
use crate::app::page_facts::{PageFacts, Seems, TokenFacts};
use crate::app::pages::NEED_A_USER;
use crate::app::shell::shell;
use crate::server::flows;
use crate::server::state::AppState;

/// What the paths of server functions begin with.
pub const SERVER_FUNCTIONS: &str = "/api/";
/// The one page that is not always available. We serve its route; it is not in Leptos's list.
const SETUP: &str = "/setup";
/// The page that shares its path with a machine door. We serve its route, too.
const SESSIONS: &str = "/sessions";
/// Where password managers look for the page that changes a password (W3C, "A Well-Known URL for Changing Passwords").
pub const CHANGE_PASSWORD: &str = "/.well-known/change-password";
/// The pages with a form that leads on to the `next` of their address.
const WITH_NEXT: [&str; 3] = ["/login", SECOND_FACTOR, "/signup"];
/// The page that must know how tokens are checked.
const INSPECTOR: &str = "/inspector";

/// Returns all pages, server functions and files. The guard decides who can open which.
pub fn router(state: &AppState) -> Router {
    // The last layer is the outermost.
    Router::new()
        .leptos_routes_with_context(state, page_listing(), page_context(state), shell)
        .route_layer(from_fn_with_state(state.clone(), with_session_noted))
        .route(SETUP, get(setup_page))
        .route(SESSIONS, get(sessions_page))
        .route(CHANGE_PASSWORD, get((StatusCode::FOUND, [(LOCATION, "/account")])))
        .route_layer(from_fn_with_state(state.clone(), server_function_manners))
        .route_layer(from_fn_with_state(state.clone(), guard))
        .fallback(fallback)
        .method_not_allowed_fallback(|| async { HttpError(ApiError::MethodNotAllowed) })
        .layer(CompressionLayer::new().compress_when(is_page))
        .with_state(state.clone())
}

/// Compresses pages only, because they hold nothing secret. The compressed length of an answer with a token and text from
/// an attacker would reveal the token (BREACH). Files are compressed already.
fn is_page(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    is_html(headers)
}

/// Returns the paths of all pages.
pub fn page_paths() -> &'static [String] {
    // Leptos finds them by rendering the application once.
    static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let listed = page_listing().into_iter().map(|page| page.path().to_owned());
        listed.chain([SETUP, SESSIONS].map(str::to_owned)).collect()
    });
    &PATHS
}

/// Answers a path that is no door: a file of the site, a redirect to the right page, or the 404 page; JSON for machines.
async fn fallback(State(state): State<AppState>, request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || request.uri().path().starts_with(SERVER_FUNCTIONS) || wants_json(&request) {
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

/// Returns the address of a page that was typed with a slash at the end, without that slash. The address begins with the
/// path of one of our pages, so it never leads to another site.
fn page_without_slash(request: &Request) -> Option<HeaderValue> {
    let path = request.uri().path().strip_suffix('/').filter(|path| *path != "/")?;
    let page = page_paths().iter().find(|page| *page == path)?;
    if page == SESSIONS && !asks_for_a_page(request.headers()) {
        return None;
    }
    let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    HeaderValue::from_bytes(format!("{page}{query}").as_bytes()).ok()
}

/// Wraps the server functions, where the contract differs from Leptos.
async fn server_function_manners(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(SERVER_FUNCTIONS) {
        return next.run(request).await;
    }
    if *request.method() == Method::HEAD {
        // axum answers HEAD with the GET route, but then Leptos finds no function.
        return ([(ALLOW, "GET")], HttpError(ApiError::MethodNotAllowed)).into_response();
    }
    if *request.method() == Method::POST && asks_for_a_page(request.headers()) {
        return posted_without_the_program(&state, request, next).await;
    }
    with_its_status(next.run(request).await).await
}

/// Sets the status of an error. Leptos 0.8 answers every error with 500; the code in the body names the right status.
async fn with_its_status(response: Response) -> Response {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (parts, body) = response.into_parts();
    let mut answer = HttpError(error_of(Response::new(body)).await).into_response();
    // The time to wait is in a header, and the challenge of a sign-in in a cookie.
    if let Some(wait) = parts.headers.get(RETRY_AFTER) {
        answer.headers_mut().insert(RETRY_AFTER, wait.clone());
    }
    for cookie in parts.headers.get_all(SET_COOKIE) {
        answer.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    answer
}

/// Answers with the page for the first account, while there is no account.
async fn setup_page(State(state): State<AppState>, request: Request) -> Response {
    match flows::setup_is_open(&state).await {
        Ok(true) => render_page(&state, request).await,
        Ok(false) => not_found_page(&state, request).await,
        Err(error) => HttpError::from(error).into_response(),
    }
}

/// Answers a browser at the path where machines get a list.
async fn sessions_page(State(state): State<AppState>, request: Request) -> Response {
    ([(VARY, "accept")], render_page(&state, request).await).into_response()
}

async fn not_found_page(state: &AppState, mut request: Request) -> Response {
    // A path without a page, whatever the request asked for.
    *request.uri_mut() = Uri::from_static("/404");
    let mut page = render_page(state, request).await;
    *page.status_mut() = StatusCode::NOT_FOUND;
    page
}

/// Renders the document of the requested path.
async fn render_page(state: &AppState, mut request: Request) -> Response {
    note_session(state, &mut request).await;
    render_app_to_stream_with_context(page_context(state), shell)(request).await
}

fn page_listing() -> Vec<AxumRouteListing> {
    generate_route_list_with_exclusions(App, Some([SETUP, SESSIONS].map(str::to_owned).to_vec()))
}

/// Provides the context of pages and server functions, in addition to what Leptos provides.
fn page_context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state.clone();
    move || {
        // The nonce that `front_door.rs` drew for the header; Leptos would make its own.
        if let Some(nonce) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Nonce>().cloned()) {
            provide_context(nonce);
        }
        // Missing while Leptos lists the routes.
        let Some(parts) = use_context::<Parts>() else { return };
        let (path, query) = (parts.uri.path(), parts.uri.query());
        let needs_user = NEED_A_USER.contains(&path);
        provide_context(PageFacts {
            files: state.site.files.clone(),
            signup_open: state.config.signup_open,
            sends_mail: state.mailer.is_on(),
            passkeys: state.config.relying_party.is_some(),
            password_min_length: state.config.password_min_length,
            token_storage: state.config.token_storage,
            signed_in: parts.extensions.get().copied().unwrap_or_default(),
            needs_user,
            next: if needs_user {
                parts.uri.path_and_query().and_then(|here| accepted(here.as_str()))
            } else {
                query
                    .filter(|_| WITH_NEXT.contains(&path))
                    .and_then(|query| next_in(&state.config.gate, query.as_bytes()))
            },
            asked: parts.extensions.get().copied(),
            shut_out_of: parts.extensions.get::<ShutOut>().map(|ShutOut(host)| host.clone()),
            tokens: if path == INSPECTOR { token_facts(&state) } else { TokenFacts::default() },
            reload: watching().then(|| state.leptos_options.clone()),
        });
    }
}

/// Wraps the pages that Leptos routes itself.
async fn with_session_noted(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    // A server function shows no header.
    if request.uri().path().starts_with(SERVER_FUNCTIONS) {
        return next.run(request).await;
    }
    let application = application(&state, &request);
    if let Some(address) = &application
        && let Some(response) = lead_back(&state, address, &mut request).await
    {
        return response;
    }
    note_session(&state, &mut request).await;
    if request.uri().path() == SECOND_FACTOR {
        note_challenge(&state, &mut request).await;
    }
    let mut response = next.run(request).await;
    if let Some(address) = application {
        response.extensions_mut().insert(LeadsTo(address.origin().ascii_serialization()));
    }
    response
}

/// Returns the address of an application to which the form of this page leads back.
fn application(state: &AppState, request: &Request) -> Option<Url> {
    let query = request.uri().query().filter(|_| WITH_NEXT.contains(&request.uri().path()))?;
    of_application(&state.config.gate, &next_in(&state.config.gate, query.as_bytes())?)
}

/// Adds a hint for the header, so that it does not flicker, and for the head script, which shows the sign-in form to a
/// visitor without a session.
async fn note_session(state: &AppState, request: &mut Request) {
    let headers = request.headers();
    let seems = match session_of_cookie(state, headers) {
        Some(session) => match flows::session_lives(state, session.id).await {
            Ok(true) => Seems::SignedIn,
            // It has ended, and the page explains that; or the store does not answer.
            Ok(false) | Err(_) => Seems::Unknown,
        },
        None if refresh_cookie(state, headers).is_none() && sends_cookies(headers) => Seems::SignedOut,
        None => Seems::Unknown,
    };
    request.extensions_mut().insert(seems);
}

/// Adds what the challenge of this browser asks for, if it can be answered.
async fn note_challenge(state: &AppState, request: &mut Request) {
    let Some(challenge) = challenge_cookie(state, request.headers()) else { return };
    // If the store does not answer, nor would it to the form.
    if let Ok(Some(asked)) = flows::asked_factors(state, &challenge).await {
        request.extensions_mut().insert(AskedFactors::from(asked));
    }
}

fn token_facts(state: &AppState) -> TokenFacts {
    TokenFacts {
        issuer: state.config.jwt_issuer.clone(),
        audience: state.config.jwt_audience.clone(),
        jwks: String::from_utf8_lossy(&state.keys.load().key_set(state.world.now()).json).into_owned(),
    }
}

fn wants_json(request: &Request) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json")) && !asks_for_a_page(request.headers())
}
