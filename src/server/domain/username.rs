//! Usernames: one canonical form, so that `Ada`, `ada` and `ａｄａ` are one account (RFC 8265, UsernameCaseMapped).

use std::fmt;

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation as _;
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _};

/// Code points of the longest name.
pub const MAX_LENGTH: usize = 64;
/// Bytes looked at before anything else is done with a name.
const MAX_BYTES: usize = 4 * MAX_LENGTH;

/// A name in its canonical form; the only way to one is [`Username::parse`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

/// The text cannot be a name here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a username: use letters and digits of one script, without spaces, at most {MAX_LENGTH}")]
pub struct NotAUsername;

impl Username {
    /// Folds case and width, composes (NFC), and refuses what could be taken for another name: control, zero-width
    /// and space characters, and letters of several scripts in one name (UTS 39).
    ///
    /// # Errors
    /// [`NotAUsername`], without saying why: the rule is one sentence.
    pub fn parse(text: &str) -> Result<Self, NotAUsername> {
        if text.len() > MAX_BYTES {
            return Err(NotAUsername);
        }
        let canonical = UsernameCaseMapped::enforce(text).map_err(|_| NotAUsername)?;
        let allowed = |character: char| character.identifier_allowed() || ".-_@+'".contains(character);
        if canonical.chars().count() > MAX_LENGTH
            || !canonical.chars().all(allowed)
            || !canonical.chars().any(char::is_alphanumeric)
            || !canonical.is_single_script()
        {
            return Err(NotAUsername);
        }
        Ok(Self(canonical.into_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_name_however_it_is_typed() {
        for spelling in ["ada", "Ada", "ADA", "ａｄａ", "Ａda"] {
            assert_eq!(Username::parse(spelling).map(|name| name.to_string()), Ok("ada".to_owned()), "{spelling:?}");
        }
        let composed = Username::parse("zo\u{eb}").unwrap();
        assert_eq!(Username::parse("ZOE\u{308}"), Ok(composed));
        assert!(Username::parse("мария").is_ok());
        assert!(Username::parse("李小龍").is_ok());
        assert!(Username::parse("ada@example.org").is_ok());
    }

    #[test]
    fn a_name_that_could_be_taken_for_another_is_refused() {
        let refused = [
            "",
            " ",
            "ada ",
            " ada",
            "a da",
            "ada\u{200b}",
            "ada\u{200d}x",
            "ada\r\nX",
            "ada\0",
            "\u{202e}ada",
            "\u{430}dmin", // Cyrillic а before Latin letters
            "p\u{430}ypal",
            "...",
            "<b>",
            "a/b",
            "ada\u{feff}",
        ];
        for name in refused {
            assert_eq!(Username::parse(name), Err(NotAUsername), "{name:?}");
        }
        assert!(Username::parse(&"a".repeat(64)).is_ok());
        assert!(Username::parse(&"a".repeat(65)).is_err());
        assert!(Username::parse(&"a".repeat(1_000_000)).is_err());
    }
}
