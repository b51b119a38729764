//! The tables: every line of SQL, once, for both databases. Knows domain types. Does not know HTTP or the flows.

pub mod administrators;
pub mod blocklist;
mod checkpoints;
pub mod checkup;
pub mod clients;
pub mod copied_tables;
pub mod copy;
mod endings;
mod error;
pub mod events;
pub mod invitations;
mod many_rows;
mod open;
pub mod places;
mod pool;
mod queue;
pub mod sessions;
pub mod signing_keys;
pub mod throttle;
mod turn;
pub mod users;
mod uses;
mod writer;

pub use error::StoreError;
pub use open::{MIGRATIONS, migrator};
pub use pool::Store;
