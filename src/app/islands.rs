//! The parts of the pages that live in the browser. An island reads who is signed in and calls the server; what it shows
//! comes from `components`.
//!
//! An island that is `lazy` is a file of its own, fetched by the page that shows it: what most visitors never need must
//! not cost them anything.
//!
//! The server renders each as it looks to somebody unknown; effects find out the rest in the browser. None takes
//! arguments: they would bring a JSON parser into the program.

mod all_events;
mod awaited;
mod greeting;
mod key_list;
mod login_form;
mod nav_account;
mod own_account;
mod password_meter;
mod session_list;
mod setup_form;
pub mod sign_in_again;
mod signup_form;
mod token_inspector;
mod user_list;

pub use all_events::AllEvents;
pub use greeting::Greeting;
pub use key_list::KeyList;
pub use login_form::LoginForm;
pub use nav_account::NavAccount;
pub use own_account::OwnAccount;
pub use password_meter::PasswordMeter;
pub use session_list::SessionList;
pub use setup_form::SetupForm;
pub use signup_form::SignupForm;
pub use token_inspector::TokenInspector;
pub use user_list::UserList;
