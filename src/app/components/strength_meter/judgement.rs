//! The judgement of a password, in words and as a number.

use crate::api_types::{ApiError, StrengthAnswer};
use crate::app::components::password_rule::password_min_length;
use crate::app::components::piece::Piece;
use crate::app::components::sentences::{PASSWORD_TOO_LONG, use_at_least};

pub fn show_none(meter: &Piece) {
    let bar = meter.first(".strength__meter");
    bar.unset("data-score");
    bar.set("aria-valuenow", "0");
    say(meter, "", NOTHING, "");
}

pub fn show(meter: &Piece, answer: &StrengthAnswer) {
    let (score, word) = match answer.score {
        0 => ("0", EASY),
        1 => ("1", EASY),
        2 => ("2", "Could be harder to guess. "),
        3 => ("3", "Hard to guess. "),
        _ => ("4", "Very hard to guess. "),
    };
    let bar = meter.first(".strength__meter");
    bar.set("data-score", score);
    bar.set("aria-valuenow", score);
    say(meter, word, word.trim_end(), &advice(answer));
}

/// `spoken` is for screen reader users who reach the meter itself.
fn say(meter: &Piece, word: &str, spoken: &str, advice: &str) {
    meter.first(".strength__meter").set("aria-valuetext", spoken);
    for (piece, words) in [(meter.first("strong"), word), (meter.part("advice"), advice)] {
        // A screen reader would read equal words again.
        if piece.text() != words {
            piece.say(words);
        }
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
