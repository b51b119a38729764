//! Why the server refused a form that the browser sent itself: `?error=<code>`, in words.
//!
//! The server renders it; it belongs to no island. Only the codes of our own table have words, so a made-up address cannot
//! put its own words here.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api_types::ApiError;
use crate::app::components::sentences::{self, sentence};
use crate::app::page_facts::PageFacts;

/// Gets the focus when the page loads; it is hidden when the form itself has something to say.
#[component]
pub fn RefusedNotice() -> impl IntoView {
    let code = use_query_map().get_untracked().get("error");
    let error = code.map(|code| (ApiError::from_code(&code), code));
    let known = error.filter(|(error, code)| error.code() == code);
    known.map(|(error, _)| {
        view! {
            <p class="notice notice--bad refused" role="alert" tabindex="-1" autofocus>{in_words(error)}</p>
        }
    })
}

fn in_words(error: ApiError) -> String {
    match error {
        ApiError::MissingUsername => sentences::ENTER_USERNAME.to_owned(),
        ApiError::InvalidUsername => sentences::USERNAME_RULE.to_owned(),
        ApiError::UsernameTaken => sentences::USERNAME_TAKEN.to_owned(),
        ApiError::MissingPassword => sentences::ENTER_PASSWORD.to_owned(),
        ApiError::PasswordTooShort => sentences::use_at_least(PageFacts::get().password_min_length),
        ApiError::PasswordTooLong => sentences::PASSWORD_TOO_LONG.to_owned(),
        ApiError::PasswordTooCommon => sentences::PASSWORD_TOO_COMMON.to_owned(),
        error => sentence(error).to_owned(),
    }
}
