//! # The server: the layer map
//!
//! ```text
//! nouns   live in  domain   pure: no I/O, no async, no clock, no HTTP, no SQL, no Leptos
//! verbs   live in  flows    one file per verb: login, logout, authenticate, …
//! tables  live in  store    every line of SQL, once, for both databases
//! edges   are      http, cli (routes, commands)  and  crate::app (pages)
//! ```
//!
//! Beside them: `config` (every setting), `world` (clock and random bytes), `hash_pool` (hashes passwords), `measure`
//! (every metric), `news` (what services that follow the blocklist are told, and when), `log_queue` (writes the log),
//! `request_id` (of the request that a thread works on), `machine` (memory, disk, modes), `mailer`
//! (sends a mail), `presence` (which servers run on
//! one database), `private_files` (secrets on disk), `state` (what a request can use), `site` (the pages' files), `startup`
//! (builds the state), `doctor` (checks the same and changes nothing). Every step goes one layer down and returns.
//!
//! ## Invariants, checked by `src/tests/layers.rs`
//! - `http`, `cli` and `app::server_fns` know flows, `api_types` and domain types. `flows` know domain and store. `store`
//!   knows domain types and SQL. `domain` knows nothing of this crate.
//! - Nothing in `domain` is async, reads a clock, opens a file, or names axum, leptos, sqlx or tokio.
//! - `http` never sees SQL; `store` never sees a status code; errors become HTTP in `http/error.rs` alone.
//! - Only `flows::authenticate` identifies a user. The guard in `http/guard.rs` calls it for every door that is not on
//!   its public list.
//! - A password or secret has a type that cannot be printed, logged or serialised.
//! - `#[cfg(feature)]` is only in `src/lib.rs`.
//! - No two files know each other, not even through others (`src/tests/circles.rs`).

pub mod cli;
pub mod config;
pub mod doctor;
pub mod domain;
pub mod flows;
pub mod hash_pool;
pub mod http;
pub mod log_queue;
pub mod machine;
pub mod mailer;
pub mod measure;
pub mod news;
pub mod presence;
pub mod private_files;
pub mod request_id;
pub mod site;
pub mod startup;
pub mod state;
pub mod store;
pub mod world;
