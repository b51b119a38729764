//! The edge: takes requests apart, calls one flow, puts the answer together. Knows no SQL.

mod answers;
mod body;
mod current_user;
mod error;
mod form_or_json;
mod guard;
mod headers;
mod leptos;
mod listener;
mod request_log;
mod router;
pub mod routes;
mod same_origin;

pub use current_user::{app_state, current_user, session_to_end};
pub use error::HttpError;
pub use guard::PUBLIC;
pub use listener::{Limits, serve};
pub use router::{doors, router};
