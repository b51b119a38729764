//! Passwords: parsed once, hashed with Argon2id, never printed, compared as text, or cut (NIST 800-63B-4, 3.1.1.2).

use argon2::password_hash::phc::PasswordHash as PhcString;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

use super::password_strength::Strength;

/// Bytes of the longest password. Longer ones are refused before any work, not cut: a cut password would let in
/// everybody who knows its beginning.
pub const MAX_BYTES: usize = 1024;

/// A password that somebody typed, in one Unicode form (NFC), so that two keyboards write the same.
///
/// The form is fixed for ever: what is stored was hashed from it.
pub struct Password(SecretString);

/// A password that cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("too short")]
    TooShort,
    #[error("longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("easy to guess")]
    TooCommon,
}

impl Password {
    /// A password somebody signs in with. Spaces count, also at the ends.
    ///
    /// # Errors
    /// [`Unfit::TooLong`].
    pub fn parse(typed: &SecretString) -> Result<Self, Unfit> {
        let typed = typed.expose_secret();
        if typed.len() > MAX_BYTES {
            return Err(Unfit::TooLong);
        }
        let composed: String = typed.nfc().collect();
        Ok(Self(composed.into()))
    }

    /// A password somebody chooses; `min_length` in code points, `context` as in [`Strength::of`]. Takes up to some
    /// milliseconds.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn choose(typed: &SecretString, min_length: usize, context: &[&str]) -> Result<Self, Unfit> {
        let password = Self::parse(typed)?;
        if password.0.expose_secret().chars().count() < min_length {
            return Err(Unfit::TooShort);
        }
        if Strength::of(password.0.expose_secret(), context).is_too_common() {
            return Err(Unfit::TooCommon);
        }
        Ok(password)
    }
}

/// What is kept of a password: a PHC string with its own salt and parameters, so that these can be raised later.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash out of the store.
    #[must_use]
    pub fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// The text for the store.
    #[must_use]
    pub fn as_stored(&self) -> &str {
        &self.0
    }

    /// Whether a hash with these parameters is harder to break than this one.
    #[must_use]
    pub fn is_weaker_than(&self, hasher: &Hasher) -> bool {
        let (Ok(stored), wanted) = (PhcString::new(&self.0), hasher.0.params()) else { return false };
        let Ok(params) = Params::try_from(&stored) else { return false };
        params.m_cost() < wanted.m_cost() || params.t_cost() < wanted.t_cost() || params.p_cost() < wanted.p_cost()
    }

    /// Whether this is the password. As slow as the parameters say: call it on the hash pool.
    ///
    /// # Errors
    /// [`HashingFailed`] for a stored text that is no hash; a wrong password is `Ok(false)`.
    pub fn verify(&self, password: &Password) -> Result<bool, HashingFailed> {
        let stored = PhcString::new(&self.0).map_err(|_| HashingFailed)?;
        // The parameters are those of the stored hash, whatever this instance has.
        match Argon2::default().verify_password(password.0.expose_secret().as_bytes(), &stored) {
            Ok(()) => Ok(true),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
            Err(_) => Err(HashingFailed),
        }
    }
}

/// A damaged hash, or no memory to compute one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashingFailed;

/// Makes hashes, with the parameters of the configuration.
#[derive(Clone, Debug)]
pub struct Hasher(Argon2<'static>);

impl Hasher {
    /// Argon2id version 19 with these parameters (RFC 9106).
    ///
    /// # Errors
    /// [`HashingFailed`] for parameters outside the algorithm's bounds.
    pub fn new(memory_kib: u32, iterations: u32, parallelism: u32) -> Result<Self, HashingFailed> {
        let params = Params::new(memory_kib, iterations, parallelism, None).map_err(|_| HashingFailed)?;
        Ok(Self(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)))
    }

    /// Hashes a chosen password. As slow as the parameters say: call it on the hash pool.
    ///
    /// # Errors
    /// [`HashingFailed`] where memory ran out.
    pub fn hash(&self, password: &Password, salt: &[u8; 16]) -> Result<PasswordHash, HashingFailed> {
        let hash = self.0.hash_password_with_salt(password.0.expose_secret().as_bytes(), salt);
        Ok(PasswordHash(hash.map_err(|_| HashingFailed)?.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher() -> Hasher {
        Hasher::new(19456, 2, 1).unwrap()
    }

    fn typed(text: &str) -> SecretString {
        text.into()
    }

    #[test]
    fn a_password_counts_code_points_and_is_never_cut() {
        let choose = |text: &str| Password::choose(&typed(text), 15, &[]).err();
        let emoji = "🔑🐎🔋📎🧭🪐🎈🧵🪴🐙🧊🎷🪁🦉🍋";
        assert_eq!(emoji.chars().count(), 15);
        assert_eq!(choose("fourteen chars"), Some(Unfit::TooShort));
        assert_eq!(choose(emoji), None);
        assert_eq!(choose(emoji.strip_suffix('🍋').unwrap()), Some(Unfit::TooShort));
        assert_eq!(choose(&"correct horse battery staple ".repeat(40)[..1024]), None);
        assert_eq!(choose("password1234567"), Some(Unfit::TooCommon));
        assert_eq!(Password::parse(&typed(&"x".repeat(1025))).err(), Some(Unfit::TooLong));

        let long = "x".repeat(72);
        let hash = hasher().hash(&Password::parse(&typed(&format!("{long}a"))).unwrap(), &[7; 16]).unwrap();
        assert_eq!(hash.verify(&Password::parse(&typed(&format!("{long}b"))).unwrap()), Ok(false));
    }

    #[test]
    fn composed_and_decomposed_are_one_password_and_spaces_count() {
        let hash = hasher().hash(&Password::parse(&typed(" caf\u{e9} au lait ")).unwrap(), &[7; 16]).unwrap();

        assert_eq!(hash.verify(&Password::parse(&typed(" cafe\u{301} au lait ")).unwrap()), Ok(true));
        assert_eq!(hash.verify(&Password::parse(&typed("cafe\u{301} au lait")).unwrap()), Ok(false));
    }

    #[test]
    fn a_hash_says_its_parameters() {
        let hash = hasher().hash(&Password::parse(&typed("correct horse battery")).unwrap(), &[7; 16]).unwrap();
        assert!(hash.as_stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_stored());
    }

    #[test]
    fn a_damaged_hash_is_an_error_and_not_a_wrong_password() {
        let damaged = PasswordHash::from_stored("$argon2id$nonsense".into());
        assert_eq!(damaged.verify(&Password::parse(&typed("x")).unwrap()), Err(HashingFailed));
    }
}
