//! Recovery codes: stand in for a second factor that is lost. Ten at a time; each works once.
//!
//! A code has 80 random bits, so the store keeps a plain SHA-256 of it: with the database, an attacker would have to try
//! 2^80 codes. No slow hash is needed, which protects only what is short. A key from `JWT_SECRET` is not used on purpose:
//! after a change of the secret no authenticator app works any more, and then these codes must work.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

/// The number of codes that a user gets at a time.
pub const COUNT: usize = 10;

/// Random bytes of one code: 16 letters of 5 bits.
pub const RANDOM_BYTES: usize = 10;

const LETTERS: usize = 16;
const GROUP: usize = 4;

/// Without I, L, O and U (Crockford's Base 32): people mistake the first three for 1, 1 and 0.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code: its letters, without the dashes. No `Debug`.
pub struct RecoveryCode(SecretString);

/// The hash of a [`RecoveryCode`], which the store keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryCodeHash(String);

impl RecoveryCode {
    #[must_use]
    pub fn from_random(bytes: [u8; RANDOM_BYTES]) -> Self {
        let bits = bytes.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let letter = |place: usize| char::from(ALPHABET[(bits >> (5 * place) & 31) as usize]);
        Self((0..LETTERS).rev().map(letter).collect::<String>().into())
    }

    /// Reads a code as a user types it: in small or capital letters, with or without dashes and spaces, and with O for 0 and
    /// I or L for 1. `None`: not the form of a code.
    #[must_use]
    pub fn from_typed(typed: &str) -> Option<Self> {
        let kept = typed.chars().filter(|character| !character.is_whitespace() && !"-–—_.".contains(*character));
        let mut letters = String::with_capacity(LETTERS);
        for character in kept {
            let letter = match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if letters.len() == LETTERS || !letter.is_ascii() || !ALPHABET.contains(&(letter as u8)) {
                return None;
            }
            letters.push(letter);
        }
        (letters.len() == LETTERS).then(|| Self(letters.into()))
    }

    /// Returns the text for the user, in groups of four.
    #[must_use]
    pub fn expose(&self) -> String {
        let letters = self.0.expose_secret();
        let groups: Vec<_> = (0..LETTERS).step_by(GROUP).map(|at| &letters[at..at + GROUP]).collect();
        groups.join("-")
    }

    #[must_use]
    pub fn hash(&self) -> RecoveryCodeHash {
        RecoveryCodeHash(URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.expose_secret().as_bytes())))
    }
}

impl RecoveryCodeHash {
    /// The text in the table.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_random_bit_is_in_the_code() {
        let code = |bytes| RecoveryCode::from_random(bytes).expose();
        assert_eq!(code([0; 10]), "0000-0000-0000-0000");
        assert_eq!(code([255; 10]), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(code([0, 68, 50, 20, 199, 66, 84, 182, 53, 207]), "0123-4567-89AB-CDEF");
        let mut seen = std::collections::HashSet::new();
        for bit in 0..80 {
            let mut bytes = [0; 10];
            bytes[bit / 8] = 1 << (bit % 8);
            assert!(seen.insert(code(bytes)), "{bit}");
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = RecoveryCode::from_random([0, 68, 50, 20, 199, 66, 84, 182, 53, 207]);
        for typed in [
            "0123-4567-89AB-CDEF",
            "0123456789abcdef",
            " oi23 4567 89ab cdef\n",
            "OL23–4567—89aB_CDEF",
            "0123.4567.89AB.CDEF",
        ] {
            assert_eq!(RecoveryCode::from_typed(typed).unwrap().hash(), code.hash(), "{typed:?}");
        }
        assert_ne!(RecoveryCode::from_typed("0123-4567-89AB-CDEG").unwrap().hash(), code.hash());
    }

    #[test]
    fn what_has_not_the_form_of_a_code_is_none() {
        for typed in
            ["", "287082", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEFG", "0123-4567-89AB-CDEU", "0123-4567-89AB-CDEé"]
        {
            assert!(RecoveryCode::from_typed(typed).is_none(), "{typed:?}");
        }
        assert!(RecoveryCode::from_typed(&"0".repeat(100_000)).is_none());
    }
}
