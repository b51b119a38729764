//! The parts of the pages that live in the browser. An island reads who is signed in and calls the server; what it shows
//! comes from `components`.
//!
//! The server renders each as it looks to somebody unknown; effects find out the rest in the browser.

mod account_form;
mod greeting;
mod login_form;
mod nav_account;

pub use account_form::AccountForm;
pub use greeting::Greeting;
pub use login_form::LoginForm;
pub use nav_account::NavAccount;
