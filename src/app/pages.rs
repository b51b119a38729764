//! One file per page. Pages are rendered by the server and need no script: what lives in the browser is an island.
//!
//! They know [`PageFacts`](crate::app::page_facts::PageFacts) and nothing of their visitor.

mod dashboard;
mod home;
mod login;
mod not_found;
mod setup;
mod signup;

pub use dashboard::Dashboard;
pub use home::Home;
pub use login::Login;
pub use not_found::NotFound;
pub use setup::Setup;
pub use signup::Signup;
