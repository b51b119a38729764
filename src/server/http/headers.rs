//! The headers of every answer, errors included: what the browser must not do with our pages (OWASP secure headers).

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use leptos::nonce::Nonce;

use crate::server::state::AppState;

const FIXED: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// Draws the nonce for the page's scripts, and sets the headers of every answer.
pub async fn secure_headers(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let nonce = Nonce::new();
    // `http/leptos.rs` gives it to the page.
    request.extensions_mut().insert(nonce.clone());

    let mut response = next.run(request).await;
    let policy = content_security_policy(&nonce, state.leptos_options.reload_port, watching());
    let headers: &mut HeaderMap = response.headers_mut();
    headers.extend(FIXED);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if state.config.public_url.starts_with("https://") {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    // Files with a hash in their name have a header of their own.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Returns whether `cargo leptos watch` started the server.
#[expect(clippy::disallowed_methods, reason = "cargo leptos speaks through the environment, also to Leptos itself")]
pub fn watching() -> bool {
    std::env::var_os("LEPTOS_WATCH").is_some()
}

fn content_security_policy(nonce: &Nonce, reload_port: u32, watching: bool) -> String {
    let reload =
        if watching { format!(" ws://127.0.0.1:{reload_port} ws://localhost:{reload_port}") } else { String::new() };
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; \
         connect-src 'self'{reload}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )
}
