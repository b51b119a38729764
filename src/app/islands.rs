//! The parts of the pages that live in the browser. An island reads who is signed in and calls the server; its views come
//! from `components`.
//!
//! A `lazy` island is a file of its own, which only its page loads: a visitor must not pay for what most visitors never
//! need.
//!
//! The server renders each island for an unknown visitor; effects in the browser find out the rest. No island has
//! arguments: they would add a JSON parser to the program.

mod all_events;
mod awaited;
mod greeting;
mod key_list;
mod login_form;
mod manage_factors;
mod nav_account;
mod own_account;
mod passkey_sign_in;
mod password_meter;
mod second_factor_form;
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
pub use passkey_sign_in::add_passkey_quietly;
pub use password_meter::PasswordMeter;
pub use second_factor_form::SecondFactorForm;
pub use session_list::SessionList;
pub use setup_form::SetupForm;
pub use signup_form::SignupForm;
pub use token_inspector::TokenInspector;
pub use user_list::UserList;
