//! Pieces that pages and islands share: a view each, with the words and the small logic it needs.
//!
//! Compiled for both sides, and into the program only if an island uses them. None of them knows who is signed in: islands
//! know that, and pass on what a piece needs.

mod account_awaited;
mod account_parts;
mod admin_head;
mod all_events;
mod asking;
mod change_password;
mod contents;
mod copy_command;
mod credentials_form;
mod curl_card;
mod delete_account;
mod dom;
mod email_address;
mod event_list;
mod event_words;
mod field_problem;
mod form_page;
mod form_problems;
mod greeted;
mod greeting_awaited;
mod imprint;
mod in_browser;
mod invitation;
mod key_rows;
mod list_awaited;
mod live_form;
mod local_time;
mod manage_factors;
mod mark;
mod next_field;
mod page_title;
mod parting;
mod passkey_list;
mod passkey_way;
mod passkey_words;
mod password_field;
mod password_rule;
mod piece;
mod plain_page;
mod program_notice;
mod refused_notice;
mod second_factor_form;
mod second_factor_section;
pub mod sentences;
mod session_rows;
mod sessions_awaited;
mod signed_in_notice;
mod site_footer;
mod stamp_card;
mod strength_meter;
mod time_words;
mod user_rows;
mod username_field;
mod visitor_card;

pub use account_awaited::AccountAwaited;
pub use account_parts::{AccountDoors, AccountTemplates, account_parts};
pub use all_events::{AllEventsTemplates, all_events};
pub use asking::Asking;
pub use contents::{AWAITED, CONTENTS, Contents};
pub use credentials_form::{Attempt, CredentialsForm, Failure, Purpose, go_on, keep_as_said};
pub use dom::{
    FORM, Flag, HEADING, SIGN_IN_LINK, WAY_ON, Words, close_dialog, focus, has_focus, input, open_dialog, set_value,
    value,
};
pub use form_page::FormPage;
pub use form_problems::{FormProblems, Problems};
pub use greeted::{GreetedTemplate, greeted};
pub use greeting_awaited::GreetingAwaited;
pub use imprint::Imprint;
pub use in_browser::in_browser;
pub use key_rows::{KeyTemplates, key_rows};
pub use list_awaited::ListAwaited;
pub use local_time::LocalTime;
pub use manage_factors::{FactorDoors, manage_factors};
pub use mark::Mark;
pub use page_title::PageTitle;
pub use parting::parting;
pub use passkey_list::PasskeyDoors;
pub use passkey_way::{PASSKEY_WAY, PasskeyWay};
pub use passkey_words::{USE_ANOTHER_WAY, made_problem, passkey_problem};
pub use password_field::{CURRENT, NEW, PasswordField, Sight};
pub use password_rule::{RuleWords, STRENGTH};
pub use piece::Piece;
pub use plain_page::{LinkPage, PlainPage, SignInWay, TokenField, is_done};
pub use program_notice::ProgramNotice;
pub use second_factor_form::{
    Codes, ENTER_ONE, RecoveryField, SecondFactorFields, TOTP, TotpField, answers_challenge, keep_as_asked, send_codes,
    typed_codes,
};
pub use session_rows::{SessionDoors, SessionTemplates, session_rows};
pub use sessions_awaited::SessionsAwaited;
pub use site_footer::SiteFooter;
pub use stamp_card::StampEnd;
pub use strength_meter::{StrengthTemplate, measure};
pub use user_rows::{Deed, UserDoors, UserTemplates, user_rows};
pub use username_field::UsernameField;
