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
    /// What the request says about a session of this browser. For the looks alone: nothing is allowed by it.
    pub signed_in: Seems,
    /// Whether this page shows something to users only. A visitor without a session gets the sign-in form in its place.
    pub needs_user: bool,
    /// Where signing in from this page leads, accepted by [`next::accepted`](crate::app::next::accepted): back to a page
    /// that needs a user, or where a form's `?next=` says. None: to the dashboard.
    pub next: Option<String>,
    /// For the inspector alone; empty on other pages.
    pub tokens: TokenFacts,
    /// Present under `cargo leptos watch`: the page reloads itself when its source changes.
    pub reload: Option<LeptosOptions>,
}

/// Whether somebody seems to be signed in, going by the cookie of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seems {
    /// The session of the cookie lives.
    SignedIn,
    /// There is no cookie, and the browser would have sent one.
    SignedOut,
    /// The browser sends no cookie with a request that another site caused; or the session of the cookie has ended, which
    /// the page will explain.
    #[default]
    Unknown,
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

impl Seems {
    /// As the document says it to its head script and to the style sheet.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignedIn => "yes",
            Self::SignedOut => "no",
            Self::Unknown => "unknown",
        }
    }
}

impl Default for PageFacts {
    fn default() -> Self {
        Self {
            files: Arc::new(SiteFiles::unhashed()),
            signup_open: false,
            password_min_length: 15,
            token_storage: "local",
            signed_in: Seems::default(),
            needs_user: false,
            next: None,
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
