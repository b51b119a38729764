//! Verifies the access tokens of a Handstamp server, and rejects them as soon as their session has ended.
//!
//! [`Follower`] follows the server's blocklist. [`SignedIn`] is a layer for axum, and for every service of `tower`.

mod answer;
mod blocklist;
mod client;
mod error;
mod follower;
mod following;
mod freshness;
mod keys;
mod layer;

pub use error::{NotAccepted, NotStarted};
pub use follower::{Claims, Follower, Settings};
pub use layer::{SignedIn, SignedInService};
