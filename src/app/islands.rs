//! The parts of the pages that live in the browser. An island reads who is signed in and calls the server; what it shows
//! comes from `components`.
//!
//! The server renders each as it looks to somebody unknown; effects find out the rest in the browser. None takes
//! arguments: they would bring a JSON parser into the program.

mod greeting;
mod login_form;
mod nav_account;
mod setup_form;
mod signup_form;

pub use greeting::Greeting;
pub use login_form::LoginForm;
pub use nav_account::NavAccount;
pub use setup_form::SetupForm;
pub use signup_form::SignupForm;
