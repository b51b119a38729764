//! The headers that protect an answer, ready-made. There are two kinds of answer:
//!
//! | kind | what a browser must not do with it | headers |
//! |---|---|---|
//! | page: HTML of ours | run other scripts, show it in a frame, tell other sites its address (OWASP secure headers) | `OF_PAGES`, and a policy with the nonce of its scripts |
//! | data: JSON, text, files, redirects | guess another type, read it from another site, run anything in it | `OF_DATA` |
//!
//! Both get `Strict-Transport-Security` behind https, and `no-store` unless the answer says how long it can be kept.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use leptos::nonce::Nonce;

use crate::server::state::AppState;

const OF_DATA: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];

const OF_PAGES: [(HeaderName, HeaderValue); 6] = [
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

const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The origin to which the answer to a form of this page redirects, if it is not our own. Browsers hold that against the
/// page's policy too.
#[derive(Clone)]
pub struct LeadsTo(pub String);

/// What the settings decide about the headers, found out once.
pub struct Protection {
    behind_https: bool,
    /// Where a page asks for its new version, during development.
    reload: String,
}

impl Protection {
    pub fn new(state: &AppState) -> Self {
        let port = state.leptos_options.reload_port;
        let reload = if watching() { format!(" ws://127.0.0.1:{port} ws://localhost:{port}") } else { String::new() };
        Self { behind_https: state.config.public_url.starts_with("https://"), reload }
    }

    /// Adds the headers of data.
    pub fn of_data(&self, headers: &mut HeaderMap) {
        headers.extend(OF_DATA);
        self.of_both(headers);
    }

    /// Adds the headers of a page whose scripts have this nonce; those of data if there is no page.
    pub fn of_page(&self, response: &mut Response, nonce: &Nonce) {
        let leads_to = response.extensions_mut().remove::<LeadsTo>();
        let headers = response.headers_mut();
        if !is_html(headers) {
            return self.of_data(headers);
        }
        headers.extend(OF_PAGES);
        if let Ok(policy) = HeaderValue::from_str(&self.policy(nonce, leads_to)) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        self.of_both(headers);
    }

    fn of_both(&self, headers: &mut HeaderMap) {
        if self.behind_https {
            headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
        }
        headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    }

    fn policy(&self, nonce: &Nonce, leads_to: Option<LeadsTo>) -> String {
        let reload = &self.reload;
        let leads_to = leads_to.map_or_else(String::new, |LeadsTo(origin)| format!(" {origin}"));
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; \
             connect-src 'self'{reload}; base-uri 'none'; form-action 'self'{leads_to}; frame-ancestors 'none'; object-src 'none'"
        )
    }
}

/// Returns whether an answer is a page.
pub fn is_html(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"))
}

/// Returns whether `cargo leptos watch` started the server.
#[expect(clippy::disallowed_methods, reason = "cargo leptos speaks through the environment, also to Leptos itself")]
pub fn watching() -> bool {
    std::env::var_os("LEPTOS_WATCH").is_some()
}
