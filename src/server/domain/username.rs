//! Usernames: one canonical form, so that `Ada`, `ada` and `ａｄａ` are one account (RFC 8265, UsernameCaseMapped).

use std::borrow::Cow;
use std::fmt;

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation as _;
use unicode_normalization::char::canonical_combining_class;
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _, UNICODE_VERSION, skeleton};

/// Code points of the longest name.
pub const MAX_LENGTH: usize = 64;
/// Bytes of the longest text that is processed at all.
const MAX_BYTES: usize = 4 * MAX_LENGTH;
/// Raise this whenever [`Username::skeleton`] changes, except for new tables of Unicode.
const SKELETON_REVISION: u64 = 1;
const DOT_ABOVE: char = '\u{307}';

/// A name in its canonical form. Only [`Username::parse`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

/// Why a text is not a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAUsername {
    /// Empty, or nothing but white space.
    #[error("no username")]
    Missing,
    /// Without saying why: the rule is one sentence.
    #[error("not a username: use letters and digits of one script, without spaces inside, at most {MAX_LENGTH}")]
    NotAllowed,
}

impl Username {
    /// Ignores white space around the name (Unicode's `White_Space`), which keyboards add. Folds case and width, composes
    /// (NFC), and rejects names that could be confused with any other: control, zero-width and space characters, and letters
    /// of several scripts in one name (UTS 39).
    ///
    /// # Errors
    /// [`NotAUsername`].
    pub fn parse(text: &str) -> Result<Self, NotAUsername> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NotAUsername::Missing);
        }
        if text.len() > MAX_BYTES {
            return Err(NotAUsername::NotAllowed);
        }
        let canonical = UsernameCaseMapped::enforce(text).map_err(|_| NotAUsername::NotAllowed)?;
        let allowed = |character: char| character.identifier_allowed() || ".-_@+'".contains(character);
        if canonical.chars().count() > MAX_LENGTH
            || !canonical.chars().all(allowed)
            || !canonical.chars().any(char::is_alphanumeric)
            || !canonical.is_single_script()
        {
            return Err(NotAUsername::NotAllowed);
        }
        Ok(Self(canonical.into_owned()))
    }

    /// The canonical form of what was typed; of a text that is not a username, the text without white space around it.
    #[must_use]
    pub fn canonical(text: &str) -> Cow<'_, str> {
        Self::parse(text).map_or_else(|_| Cow::Borrowed(text.trim()), |name| Cow::Owned(name.0))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the skeleton of the name (UTS 39): equal for names that look alike, in any script. It is compared, never
    /// shown.
    ///
    /// Two names clash if their skeletons are equal and at least one of the two is not plain ASCII: `admın` and
    /// `admin`, Cyrillic `асе` and `ace`. Two ASCII names do not clash: for UTS 39 `adam1` looks like `adaml`, and
    /// `modern` like `modem`, but people choose such names in good faith, and would not understand a refusal.
    #[must_use]
    pub fn skeleton(&self) -> String {
        // The tables map some characters to capitals: a zero looks like `O`. Names have no capitals, so use the small
        // letter.
        let folded = skeleton(&self.0).collect::<String>().to_lowercase();
        without_hidden_marks(skeleton(&folded))
    }
}

/// The version of the rules for [`Username::skeleton`]: it changes when a new version of the crate may give other
/// results.
#[must_use]
pub fn skeleton_rules() -> i64 {
    let (major, minor, micro) = UNICODE_VERSION;
    let rules = [major, minor, micro, SKELETON_REVISION].into_iter().fold(0, |rules, part| rules * 1000 + part);
    rules.cast_signed()
}

/// Removes marks that are invisible: a dot on a letter that has a dot, and a mark on the same mark. UTS 39 warns of
/// both, but its tables do not contain them.
fn without_hidden_marks(text: impl Iterator<Item = char>) -> String {
    let (mut last, mut has_dot) = ('\0', false);
    let is_seen = |&character: &char| {
        let class = canonical_combining_class(character);
        let hidden = (character == DOT_ABOVE && has_dot) || (character == last && class != 0);
        has_dot = match class {
            0 => matches!(character, 'i' | 'j'),
            // Above the letter, at the place of its dot.
            230 => false,
            _ => has_dot,
        };
        last = character;
        !hidden
    };
    text.filter(is_seen).collect()
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

    /// Every character of Unicode's `White_Space` (`PropList.txt`).
    const WHITE_SPACE: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\
                               \u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";

    #[test]
    fn white_space_around_a_name_is_ignored_and_is_no_name() {
        let ada = Username::parse("ada");
        for space in WHITE_SPACE.chars() {
            for typed in [format!("{space}ada"), format!("ada{space}"), format!("{space}{space}Ada {space}")] {
                assert_eq!(Username::parse(&typed), ada, "{typed:?}");
                assert_eq!(Username::canonical(&typed), "ada", "{typed:?}");
            }
            assert_eq!(Username::parse(&space.to_string()), Err(NotAUsername::Missing), "{space:?}");
        }
        // However much: it is no part of the name.
        assert_eq!(Username::parse(&format!("{0}{1}{0}", WHITE_SPACE.repeat(100), "a".repeat(64))).map(|_| ()), Ok(()));
        assert_eq!(Username::parse(""), Err(NotAUsername::Missing));
        assert_eq!(Username::canonical("\u{a0}not a name "), "not a name");
        // Looks empty, but is no white space.
        for zero_width in ["\u{200b}", "\u{feff}", "\u{2060}", "\u{180e}"] {
            assert_eq!(Username::parse(zero_width), Err(NotAUsername::NotAllowed), "{zero_width:?}");
        }
    }

    #[test]
    fn a_name_that_looks_like_another_is_refused() {
        let refused = [
            "a da",
            "a\u{a0}da",
            "ada\u{3000}x",
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
            assert_eq!(Username::parse(name), Err(NotAUsername::NotAllowed), "{name:?}");
        }
        assert!(Username::parse(&"a".repeat(64)).is_ok());
        assert!(Username::parse(&"a".repeat(65)).is_err());
        assert!(Username::parse(&"a".repeat(1_000_000)).is_err());
    }

    fn skeleton_of(name: &str) -> String {
        Username::parse(name).unwrap().skeleton()
    }

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (name, twin) in [
            ("admin", "adm\u{131}n"),                 // without its dot
            ("istanbul", "\u{130}stanbul"),           // with a dot on its dot
            ("ace", "\u{430}\u{441}\u{435}"),         // Cyrillic
            ("vo", "\u{3bd}\u{3bf}"),                 // Greek
            ("c0c0", "\u{441}\u{43e}\u{441}\u{43e}"), // Cyrillic, beside zeros
            ("zo\u{eb}", "zoe\u{308}\u{308}"),        // two marks, one on the other
            ("\u{1ecb}p", "\u{1ecb}\u{307}p"),        // a mark below, and a dot on the dot
            ("adam1", "adaml"),
            ("modern", "modem"),
        ] {
            assert_eq!(skeleton_of(name), skeleton_of(twin), "{name:?}, {twin:?}");
        }
    }

    #[test]
    fn names_that_can_be_told_apart_have_different_skeletons() {
        for (name, other) in [
            ("ada", "adam"),
            ("zoe", "zo\u{eb}"),
            ("maria", "мария"),
            ("елка", "ёлка"),
            ("strasse", "straße"),
            ("i\u{301}", "i\u{301}\u{307}"), // on an accent the dot is seen
        ] {
            assert_ne!(skeleton_of(name), skeleton_of(other), "{name:?}, {other:?}");
        }
    }
}
