//! How long a new password must be, said before anybody types one.
//!
//! Only the server knows the number. It writes it into the page, and there the form reads it: an island with arguments
//! would bring a JSON parser along.

use leptos::prelude::*;

use crate::app::page_facts::PageFacts;

/// The advice below the field. In the browser this finds what the server wrote, and leaves it as it is.
#[component]
pub fn PasswordRule() -> impl IntoView {
    let min_length = PageFacts::get().password_min_length.to_string();
    let words = ["At least ", &min_length, " characters. A few words are easier to remember than symbols."].concat();
    view! { <p class="field__hint" id=RULE data-min-length=min_length>{words}</p> }
}

/// The number that the server wrote, in code points; none where no new password is asked for.
pub fn password_min_length() -> usize {
    let rule = document().get_element_by_id(RULE).and_then(|rule| rule.get_attribute("data-min-length"));
    rule.and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// The field names it by `aria-describedby`.
const RULE: &str = "password-rule";
