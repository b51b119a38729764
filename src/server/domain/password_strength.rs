//! How easy a password is to guess, by the word lists and patterns of zxcvbn. There is no rule about kinds of
//! characters (NIST 800-63B-4, 3.1.1.2).

use secrecy::ExposeSecret as _;
use zxcvbn::zxcvbn;

use super::opaque_string::mapped;

/// Characters that are judged. More would take much time, and a password of this length is hardly ever easy to
/// guess.
const JUDGED: usize = 100;

/// The guesses that eight random characters need: eight is the shortest length that an operator can allow.
const TOO_FEW_GUESSES: u64 = 100_000_000;

/// The judgement of one password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strength {
    /// From 0 (guessed at once) to 4.
    pub score: u8,
    /// The estimated number of guesses for an attacker who knows the usual patterns.
    pub guesses: u64,
    /// What makes it easy to guess, as a sentence.
    pub advice: Option<String>,
}

impl Strength {
    /// Judges a password in the form that is hashed. `context`: words that an attacker tries first, like the username and the name of the site.
    /// Takes a few milliseconds at most.
    #[must_use]
    pub fn of(password: &str, context: &[&str]) -> Self {
        let judged: String = mapped(password).expose_secret().chars().take(JUDGED).collect();
        let entropy = zxcvbn(&judged, context);
        let feedback = entropy.feedback();
        let warning = feedback.and_then(zxcvbn::feedback::Feedback::warning).map(|warning| warning.to_string());
        let suggestion = || feedback.and_then(|feedback| feedback.suggestions().first().map(ToString::to_string));
        Self { score: entropy.score().into(), guesses: entropy.guesses(), advice: warning.or_else(suggestion) }
    }

    /// Returns whether an attacker with a word list would find it soon. Such a password cannot be chosen.
    #[must_use]
    pub const fn is_too_common(&self) -> bool {
        self.guesses < TOO_FEW_GUESSES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_from_a_word_list_is_too_common() {
        let context = ["ada", "handstamp", "id.example.org"];
        for common in [
            "password1234567",
            "qwertyuiopasdfgh",
            "aaaaaaaaaaaaaaa",
            "123456789012345",
            "passwordpassword",
            "ada1815ada1815",
            "ada ada ada ada ada",
            "id.example.org2026",
        ] {
            let strength = Strength::of(common, &context);
            assert!(strength.is_too_common(), "{common}: {strength:?}");
            assert!(strength.advice.is_some(), "{common}");
        }
    }

    #[test]
    fn no_kind_of_character_is_demanded() {
        for fit in [
            "k7#vQx2p",
            "aaaa bbbb cccc dd",
            "correct horse battery staple",
            "ein kleiner grüner kaktus",
            "🔑🐎🔋📎🧭🪐🎈🧵🪴🐙🧊🎷🪁🦉🍋",
        ] {
            let strength = Strength::of(fit, &["ada"]);
            assert!(!strength.is_too_common(), "{fit}: {strength:?}");
        }
    }

    #[test]
    fn a_password_is_judged_in_the_form_that_is_hashed() {
        const CONTEXT: &[&str] = &["ada lovelace"];
        for (typed, hashed) in [
            ("ada\u{3000}lovelace", "ada lovelace"),
            ("ada\u{a0}lovelace\u{2003}1815", "ada lovelace 1815"),
            ("cafe\u{301} cafe\u{301} cafe\u{301}", "caf\u{e9} caf\u{e9} caf\u{e9}"),
        ] {
            assert_eq!(Strength::of(typed, CONTEXT), Strength::of(hashed, CONTEXT), "{typed:?}");
            assert_ne!(zxcvbn(typed, CONTEXT).guesses(), zxcvbn(hashed, CONTEXT).guesses(), "{typed:?}");
        }
    }

    #[test]
    fn a_long_password_is_judged_in_bounded_time_by_its_beginning() {
        let long = "a1b2".repeat(256);
        assert_eq!(Strength::of(&long, &[]), Strength::of(&long[..JUDGED], &[]));
    }
}
