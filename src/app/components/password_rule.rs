//! How long a new password must be, said before anybody types one; and the place where it is judged while somebody does.
//!
//! Only the server knows the number. It writes it into every document (`app/shell.rs`), and there the forms read it: an
//! island with arguments would bring a JSON parser along.

use leptos::prelude::*;

use crate::app::components::sentences::use_at_least;
use crate::app::page_facts::PageFacts;

/// Where `StrengthMeter` is put when the program is there. The style sheet keeps its room.
pub const STRENGTH: &str = "strength";

/// The rule, and the place for the judgement.
#[component]
pub fn PasswordRule() -> impl IntoView {
    view! { <div class="strength" id=STRENGTH><RuleWords min_length=PageFacts::get().password_min_length/></div> }
}

/// The advice below the field, which names it by `aria-describedby`.
#[component]
pub fn RuleWords(
    /// In code points. In the browser the words that the server wrote are left as they are.
    min_length: usize,
) -> impl IntoView {
    let min_length = min_length.to_string();
    let words = ["At least ", &min_length, " characters. A few words are easier to remember than symbols."].concat();
    view! { <p class="field__hint strength__rule" id="password-rule">{words}</p> }
}

/// The number that the server wrote, in code points.
pub fn password_min_length() -> usize {
    let number = document().document_element().and_then(|html| html.get_attribute("data-password-min-length"));
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// What is wrong with a shorter one. Leaks some thirty bytes for each attempt, so that all sentences are of one kind.
pub fn too_short() -> &'static str {
    use_at_least(password_min_length()).leak()
}
