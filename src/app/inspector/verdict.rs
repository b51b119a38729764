//! The result of one check of a token, with its words.

use std::borrow::Cow;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    Ok,
    Bad,
    /// The token is accepted, but should be better.
    Care,
    /// Not checked, or nothing to check.
    Open,
}

/// The verdict of a check.
#[derive(Clone)]
pub struct Verdict {
    pub state: State,
    pub words: Cow<'static, str>,
}

impl State {
    /// Returns its name in the style sheet.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Bad => "bad",
            Self::Care => "care",
            Self::Open => "open",
        }
    }
}

impl Verdict {
    pub const fn ok(words: &'static str) -> Self {
        Self { state: State::Ok, words: Cow::Borrowed(words) }
    }

    pub const fn bad(words: &'static str) -> Self {
        Self { state: State::Bad, words: Cow::Borrowed(words) }
    }

    pub const fn care(words: &'static str) -> Self {
        Self { state: State::Care, words: Cow::Borrowed(words) }
    }

    pub const fn open(words: &'static str) -> Self {
        Self { state: State::Open, words: Cow::Borrowed(words) }
    }

    /// Adds a sentence.
    pub fn with(self, words: &str) -> Self {
        Self { words: [&self.words, words].concat().into(), ..self }
    }
}
