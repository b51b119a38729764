//! The tables: every line of SQL, once, for both databases. Knows domain types. Does not know HTTP or the flows.

pub mod blocklist;
pub mod checkup;
pub mod clients;
pub mod events;
pub mod invitations;
mod pool;
pub mod sessions;
pub mod signing_keys;
pub mod throttle;
pub mod users;
mod writer;

pub use pool::{MIGRATIONS, Store, StoreError, migrator};
