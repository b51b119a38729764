//! One file per page. The server renders the pages, and they need no script: what lives in the browser is an island.
//!
//! They know [`PageFacts`](crate::app::page_facts::PageFacts) and nothing about their visitor.

mod account;
mod admin;
mod confirm_email;
mod dashboard;
mod forgot_password;
mod home;
mod inspector;
mod login;
mod not_found;
mod reset_password;
mod second_factor;
mod sessions;
mod setup;
mod signup;
mod site_header;

pub use account::Account;
pub use admin::{AdminEvents, AdminKeys, AdminUsers};
pub use confirm_email::ConfirmEmail;
pub use dashboard::Dashboard;
pub use forgot_password::ForgotPassword;
pub use home::Home;
pub use inspector::Inspector;
pub use login::Login;
pub use not_found::NotFound;
pub use reset_password::ResetPassword;
pub use second_factor::SecondFactor;
pub use sessions::Sessions;
pub use setup::Setup;
pub use signup::Signup;
pub use site_header::SiteHeader;

/// The pages for users only. A visitor without a session gets the sign-in form, which leads back.
pub const NEED_A_USER: [&str; 6] = ["/account", "/admin", "/admin/events", "/admin/keys", "/dashboard", "/sessions"];
