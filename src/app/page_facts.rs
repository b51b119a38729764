//! What the server tells every page it renders: the names of its files, the nonce, and which doors are open.
//!
//! Filled by `server/http/leptos.rs` for each request. In the browser no page is rendered, so nobody asks there.

use std::sync::Arc;

use leptos::config::LeptosOptions;
use leptos::prelude::*;

/// Facts of one page load.
#[derive(Clone, Debug)]
pub struct PageFacts {
    pub files: Arc<SiteFiles>,
    /// Whether anybody may make an account.
    pub signup_open: bool,
    /// In code points.
    pub password_min_length: usize,
    /// Where this page keeps the access token: `local`, `session` or `memory`.
    pub token_storage: &'static str,
    /// Whether the browser's cookie looks as if somebody were signed in. For the looks alone.
    pub signed_in: bool,
    /// For the inspector alone; empty on other pages.
    pub tokens: TokenFacts,
    /// Present under `cargo leptos watch`: the page reloads itself when its source changes.
    pub reload: Option<LeptosOptions>,
}

/// What anybody may know of the server's tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFacts {
    pub issuer: String,
    pub audience: String,
    /// The public keys, as `/.well-known/jwks.json` has them.
    pub jwks: String,
}

/// The addresses of the program and the style sheet, with their hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteFiles {
    pub js: String,
    pub wasm: String,
    pub css: String,
    /// Knows where the lazy islands lie; the script imports it.
    pub split: String,
}

impl PageFacts {
    /// The facts of this request; defaults while Leptos lists the routes at start, when there is no request.
    #[must_use]
    pub fn get() -> Self {
        use_context().unwrap_or_default()
    }
}

impl Default for PageFacts {
    fn default() -> Self {
        Self {
            files: Arc::new(SiteFiles::unhashed()),
            signup_open: false,
            password_min_length: 15,
            token_storage: "local",
            signed_in: false,
            tokens: TokenFacts::default(),
            reload: None,
        }
    }
}

impl SiteFiles {
    /// As a development build without hashes names them.
    #[must_use]
    pub fn unhashed() -> Self {
        Self {
            js: "/pkg/handstamp.js".into(),
            wasm: "/pkg/handstamp.wasm".into(),
            css: "/pkg/handstamp.css".into(),
            split: "/pkg/__wasm_split.js".into(),
        }
    }
}
