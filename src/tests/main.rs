//! The specs: what Handstamp promises, tried from outside, over HTTP where there is a door.
//!
//! One file a subject, one sentence a spec. Nothing sleeps: clocks are moved. Each has its own server, port and database.

#![allow(
    clippy::unwrap_used,
    clippy::similar_names,
    clippy::too_many_lines,
    reason = "specs tell a story and fail on the spot"
)]

mod accounts;
mod commands;
mod connections;
mod doors;
mod harness;
mod hash_pool;
mod headers;
mod hostile_tokens;
mod layers;
mod login;
mod logout;
mod pages;
mod protected;
mod server_functions;
mod settings;
mod store;
