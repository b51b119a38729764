//! The rule for the length of a new password, shown before the user types; and the place for the judgement of what is typed.
//!
//! Only the server knows the number. It writes it into every document (`app/shell.rs`), and there the forms read it: an
//! island with arguments would add a JSON parser to the program.

use leptos::prelude::*;

use crate::app::components::sentences::use_at_least;
use crate::app::page_facts::PageFacts;

/// The place of `StrengthMeter` when the program has loaded. The style sheet keeps its room.
pub const STRENGTH: &str = "strength";

/// The rule, and the place for the judgement.
#[component]
pub fn PasswordRule() -> impl IntoView {
    view! { <div class="strength" id=STRENGTH><RuleWords min_length=PageFacts::get().password_min_length/></div> }
}

/// The advice below the field, which names it by `aria-describedby`.
#[component]
pub fn RuleWords(
    /// In code points. In the browser the words from the server stay.
    min_length: usize,
) -> impl IntoView {
    let min_length = min_length.to_string();
    let words = ["At least ", &min_length, " characters. A few words are easier to remember than symbols."].concat();
    view! { <p class="field__hint strength__rule" id="password-rule">{words}</p> }
}

/// Returns the number that the server wrote, in code points.
pub fn password_min_length() -> usize {
    let number = document().document_element().and_then(|html| html.get_attribute("data-password-min-length"));
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Returns the problem of a shorter password. Leaks about thirty bytes for each attempt: all sentences have one type.
pub fn too_short() -> &'static str {
    use_at_least(password_min_length()).leak()
}
