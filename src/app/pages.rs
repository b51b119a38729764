//! One file per page. Pages are rendered by the server and need no script: what lives in the browser is an island.
//!
//! They know [`PageFacts`](crate::app::page_facts::PageFacts) and nothing of their visitor.

mod account;
mod admin;
mod dashboard;
mod home;
mod inspector;
mod login;
mod not_found;
mod sessions;
mod setup;
mod signup;

pub use account::Account;
pub use admin::{AdminEvents, AdminKeys, AdminUsers};
pub use dashboard::Dashboard;
pub use home::Home;
pub use inspector::Inspector;
pub use login::Login;
pub use not_found::NotFound;
pub use sessions::Sessions;
pub use setup::Setup;
pub use signup::Signup;
