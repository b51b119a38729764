//! What the server tells every page that it renders: the names of its files, the nonce, and which doors are open.
//!
//! `server/http/leptos.rs` fills it for each request. The browser renders no page, so it is empty there.

use std::sync::Arc;

use leptos::config::LeptosOptions;
use leptos::prelude::*;

use crate::api_types::AskedFactors;

/// Facts of one page load.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "facts, each by itself")]
pub struct PageFacts {
    pub files: Arc<SiteFiles>,
    /// Whether anyone can make an account.
    pub signup_open: bool,
    /// Whether the server sends mail, so that a user can have an email address, and reset a password.
    pub sends_mail: bool,
    /// Whether this server has passkeys.
    pub passkeys: bool,
    /// In code points.
    pub password_min_length: usize,
    /// Where this page keeps the access token: `local`, `session` or `memory`.
    pub token_storage: &'static str,
    /// What the request says about a session of this browser. Only for the first paint: it permits nothing.
    pub signed_in: Seems,
    /// Whether this page is for users only. A visitor without a session gets the sign-in form instead.
    pub needs_user: bool,
    /// Where a sign-in from this page leads: back to a page that needs a user, or to a form's `?next=`, which is accepted by
    /// [`next::accepted`](crate::app::next::accepted) or is of an application behind the gate. None: to the dashboard.
    pub next: Option<String>,
    /// What the sign-in of this browser waits for. Only on the page of the second step.
    pub asked: Option<AskedFactors>,
    /// The host of an application that did not let this browser in, although it has a session.
    pub shut_out_of: Option<String>,
    /// Only for the inspector; empty on other pages.
    pub tokens: TokenFacts,
    /// Present under `cargo leptos watch`: the page reloads itself when its source changes.
    pub reload: Option<LeptosOptions>,
}

/// Whether the visitor seems to be signed in, by the cookie of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seems {
    /// The session of the cookie lives.
    SignedIn,
    /// There is no cookie, and the browser would have sent one.
    SignedOut,
    /// The browser sends no cookie with a request that another site caused; or the session of the cookie has ended, and the
    /// page will explain that.
    #[default]
    Unknown,
}

/// What anyone can know about the server's tokens.
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
}

impl PageFacts {
    /// Returns the facts of this request; defaults while Leptos lists the routes at start, without a request.
    #[must_use]
    pub fn get() -> Self {
        use_context().unwrap_or_default()
    }
}

impl Seems {
    /// Returns its name in the document, for the head script and the style sheet.
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
            sends_mail: false,
            passkeys: false,
            password_min_length: 15,
            token_storage: "local",
            signed_in: Seems::default(),
            needs_user: false,
            next: None,
            asked: None,
            shut_out_of: None,
            tokens: TokenFacts::default(),
            reload: None,
        }
    }
}

impl SiteFiles {
    /// The names in a development build, without hashes.
    #[must_use]
    pub fn unhashed() -> Self {
        Self { js: "/pkg/handstamp.js".into(), wasm: "/pkg/handstamp.wasm".into(), css: "/pkg/handstamp.css".into() }
    }
}
