//! The judgement of a password, in words and as a number.

use leptos::prelude::*;

use crate::api_types::{ApiError, StrengthAnswer};
use crate::app::components::dom::{Flag, Words};
use crate::app::components::password_rule::password_min_length;
use crate::app::components::sentences::{PASSWORD_TOO_LONG, use_at_least};

/// The judgement that is shown.
#[derive(Clone, Copy)]
pub struct Judgement {
    /// "0" to "4".
    pub score: Flag,
    pub word: Words,
    /// The same for screen reader users who reach the meter itself.
    pub spoken: Words,
    pub advice: RwSignal<String>,
}

impl Judgement {
    pub fn none() -> Self {
        Self {
            score: RwSignal::new(None),
            word: RwSignal::new(""),
            spoken: RwSignal::new(NOTHING),
            advice: RwSignal::new(String::new()),
        }
    }

    pub fn show_none(self) {
        self.score.set(None);
        self.word.set("");
        self.spoken.set(NOTHING);
        self.advice.set(String::new());
    }

    pub fn show(self, answer: &StrengthAnswer) {
        let (score, word) = match answer.score {
            0 => ("0", EASY),
            1 => ("1", EASY),
            2 => ("2", "Could be harder to guess. "),
            3 => ("3", "Hard to guess. "),
            _ => ("4", "Very hard to guess. "),
        };
        self.score.set(Some(score));
        self.word.set(word);
        self.spoken.set(word.trim_end());
        self.advice.set(advice(answer));
    }
}

const NOTHING: &str = "Nothing typed";

const EASY: &str = "Easy to guess. ";

/// Returns why the password would be refused, or what would make it better.
fn advice(answer: &StrengthAnswer) -> String {
    match answer.refused.map(ApiError::from_code) {
        None => answer.advice.clone(),
        Some(ApiError::PasswordTooShort) => use_at_least(password_min_length()),
        Some(ApiError::PasswordTooLong) => PASSWORD_TOO_LONG.to_owned(),
        Some(_) if answer.advice.is_empty() => CHOOSE_ANOTHER.to_owned(),
        Some(_) => [CHOOSE_ANOTHER, &answer.advice].join(" "),
    }
}

const CHOOSE_ANOTHER: &str = "Choose another.";
