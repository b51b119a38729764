//! # Handstamp: the map
//!
//! Sign-in for web applications: signing in gives a signed access token (a JWT); signing out revokes it at once and for
//! good.
//!
//! | module | compiled for | what it is |
//! |---|---|---|
//! | [`api_types`] | both | every body that crosses the network, every error |
//! | [`app`] | both | the pages, their islands, and the calls they make |
//! | `browser` | browser | where the program starts in WASM |
//! | `server` | server | everything behind the doors: see its own map |
//! | `traces` | server | traces for OpenTelemetry: this file with the feature `otel`, otherwise `no_traces` |
//!
//! `src/main.rs` is the command line, `src/tests/` the specs. This is the only file that asks which build it is in.

// A page is one type, as deep as its markup.
#![recursion_limit = "512"]

pub mod api_types;
pub mod app;
#[cfg(feature = "hydrate")]
pub mod browser;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "otel")]
pub mod traces;
#[cfg(all(feature = "ssr", not(feature = "otel")))]
#[path = "no_traces.rs"]
pub mod traces;
