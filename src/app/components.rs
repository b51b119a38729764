//! Pieces that pages and islands share: a view each, with the words and the small logic it needs.
//!
//! Compiled on both sides, and into the program only where an island uses them. None of them knows the store of who is
//! signed in: islands read it and hand down what a piece needs.

mod copy_command;
mod credentials_form;
mod curl_card;
mod dom;
mod field_problem;
mod form_page;
mod form_problems;
mod greeted;
mod greeting_awaited;
mod imprint;
mod later;
mod local_time;
mod mark;
mod page_title;
mod parting;
mod password_field;
mod password_rule;
mod program_notice;
mod sentences;
mod signed_in_notice;
mod site_footer;
mod site_header;
mod stamp_card;
mod username_field;
mod visitor_card;

pub use credentials_form::{CredentialsForm, Purpose};
pub use dom::{Flag, HEADING, focus};
pub use form_page::FormPage;
pub use greeted::{Greeted, valid_until};
pub use greeting_awaited::GreetingAwaited;
pub use imprint::Imprint;
pub use later::Later;
pub use page_title::PageTitle;
pub use parting::Parting;
pub use program_notice::ProgramNotice;
pub use signed_in_notice::SignedInNotice;
pub use site_footer::SiteFooter;
pub use site_header::{SIGN_IN_LINK, SiteHeader};
