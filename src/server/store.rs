//! The tables: every line of SQL, once, for both databases. Knows domain types. Does not know HTTP or the flows.

pub mod administrators;
pub mod announced;
pub mod blocklist;
mod checkpoints;
pub mod checkup;
pub mod clients;
mod endings;
mod error;
pub mod events;
mod held;
pub mod invitations;
pub mod listening;
mod lock_order;
mod many_rows;
mod open;
mod outage;
mod pool;
mod pooler;
pub mod position;
mod postgres;
mod queue;
pub mod sessions;
pub mod signing_keys;
mod standbys;
mod store_id;
pub mod throttle;
mod turn;
pub mod users;
mod uses;
mod writer;

pub use error::StoreError;
pub use open::{MIGRATIONS, migrator};
pub use pool::Store;
