//! The nouns. Pure: no I/O, no async, no clock, no HTTP, no SQL, no Leptos. Time and randomness come in as arguments.

pub mod access_token;
pub mod blocklist;
pub mod claims;
pub mod ids;
pub mod password;
pub mod session;
pub mod setup_code;
pub mod signing_key;
pub mod unix_time;
pub mod user;
pub mod username;
