//! The tables: every line of SQL, once, for both databases. Knows domain types; does not know HTTP or what a flow wants.

pub mod blocklist;
mod pool;
pub mod sessions;
pub mod users;

pub use pool::{Store, StoreError};
