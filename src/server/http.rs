//! The edge: takes requests apart, calls one flow, puts the answer together. Knows no SQL.

mod answers;
mod body;
mod browser_key;
mod client_auth;
mod connections;
mod context;
mod cookies;
mod cors;
mod current_user;
mod error;
mod etag;
mod files;
mod form_or_json;
mod front_door;
mod guard;
mod headers;
mod joined_writes;
mod json;
mod lead_back;
mod leptos;
mod limits;
mod listener;
mod machine_doors;
mod next;
mod open_answers;
mod operator;
mod original;
mod posted_forms;
mod public_name;
mod request_log;
mod router;
pub mod routes;
mod same_origin;
mod signing_in;
mod token_error;
mod turns;
mod visit;
mod visitor;

pub use answers::{passkeys_answer, texts_of_codes};
pub use browser_key::{browser_key, browser_key_to_ask, challenge, page_question};
pub use context::app_state;
pub use current_user::{
    Admin, FreshUser, RequiredRole, WithFactor, WithRole, acting_admin, admin, current_user, current_user_if_any,
    fresh_user, session_to_end, user_with_factor, user_with_role,
};
pub use error::HttpError;
pub use front_door::FrontDoor;
pub use guard::{CLIENTS, ENROLLING, GATE, OPERATORS, PUBLIC};
pub use limits::Limits;
pub use listener::serve;
pub use open_answers::answer_while_signed_in;
pub use router::{doors, machine_door_names, router};
pub use signing_in::{
    challenge_of_browser, forget_gate_cookie, new_session, page_answer, page_step, refresh_cookie, session_of_browser,
};
pub use visit::Visit;
pub use visitor::{origin, visitor};
