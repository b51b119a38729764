//! Passwords: parsed once, hashed with Argon2id; never printed, never compared as text, never cut (NIST 800-63B-4,
//! 3.1.1.2).

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as PhcString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

use super::hash_memory;
use super::opaque_string::mapped;
use super::password_strength::Strength;

/// Bytes of the longest password. Longer ones are rejected before any work. They are not cut: with a cut password,
/// anyone who knows its beginning could sign in.
pub const MAX_BYTES: usize = 1024;

/// A password as it was typed, mapped as `OpaqueString` maps it (RFC 8265, section 4.2), so that two keyboards write the
/// same: spaces other than U+0020 become U+0020, then NFC. Nothing is cut, folded or trimmed.
///
/// The profile's other rule, that control characters and unassigned code points are refused, is left out: a password that
/// was chosen must go on working.
pub struct Password {
    mapped: SecretString,
    /// The same without the mapping of spaces, if that makes a difference: earlier versions hashed this form.
    unmapped: Option<SecretString>,
}

/// Why a password cannot be chosen.
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
    /// Parses a password for a sign-in. Spaces count, also at the ends.
    ///
    /// # Errors
    /// [`Unfit::TooLong`].
    pub fn parse(typed: &SecretString) -> Result<Self, Unfit> {
        let typed = typed.expose_secret();
        if typed.len() > MAX_BYTES {
            return Err(Unfit::TooLong);
        }
        let (mapped, unmapped) = (mapped(typed), SecretString::from(typed.nfc().collect::<String>()));
        let differ = mapped.expose_secret() != unmapped.expose_secret();
        Ok(Self { mapped, unmapped: differ.then_some(unmapped) })
    }

    /// Parses a password that a user chooses. `min_length`: in code points. `context`: as in [`Strength::of`]. Takes a
    /// few milliseconds at most.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn choose(typed: &SecretString, min_length: usize, context: &[&str]) -> Result<Self, Unfit> {
        let password = Self::parse(typed)?;
        let mapped = password.mapped.expose_secret();
        if mapped.chars().count() < min_length {
            return Err(Unfit::TooShort);
        }
        if Strength::of(mapped, context).is_too_common() {
            return Err(Unfit::TooCommon);
        }
        Ok(password)
    }
}

/// The hash of a password, which the store keeps: a PHC string with its own salt and parameters, so that the parameters
/// can be raised later.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a text from the store.
    #[must_use]
    pub fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// Returns the text for the store.
    #[must_use]
    pub fn as_stored(&self) -> &str {
        &self.0
    }

    /// Returns a text that tells whether it is still the same hash. The hash cannot be computed from it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.as_bytes()))
    }

    /// Returns whether a hash with the parameters of the hasher is harder to break than this one.
    #[must_use]
    pub fn is_weaker_than(&self, hasher: &Hasher) -> bool {
        let (Ok(stored), wanted) = (PhcString::new(&self.0), hasher.0.params()) else { return false };
        let Ok(params) = Params::try_from(&stored) else { return false };
        params.m_cost() < wanted.m_cost() || params.t_cost() < wanted.t_cost() || params.p_cost() < wanted.p_cost()
    }

    /// Compares the password with this hash. Slow: call it on the hash pool.
    ///
    /// # Errors
    /// [`HashingFailed`] if the stored text is not a hash. A wrong password is [`Verified::Wrong`].
    pub fn verify(&self, password: &Password) -> Result<Verified, HashingFailed> {
        let stored = PhcString::new(&self.0).map_err(|_| HashingFailed)?;
        let (Some(salt), Some(expected), Some(version)) = (&stored.salt, &stored.hash, stored.version) else {
            return Err(HashingFailed);
        };
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(|_| HashingFailed)?;
        let version = Version::try_from(version).map_err(|_| HashingFailed)?;
        let params = Params::try_from(&stored).map_err(|_| HashingFailed)?;
        let argon2 = Argon2::new(algorithm, version, params);
        // `Output` compares in constant time.
        let is = |form: &SecretString| Ok(compute(&argon2, form, salt)? == *expected);
        // The second try costs a second hash, and only for a password that has such spaces.
        Ok(match &password.unmapped {
            _ if is(&password.mapped)? => Verified::Right,
            Some(unmapped) if is(unmapped)? => Verified::RightUnmapped,
            _ => Verified::Wrong,
        })
    }
}

/// The result of comparing a password with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    Right,
    /// The hash is that of an earlier version, which did not map spaces. It needs a new one.
    RightUnmapped,
    Wrong,
}

/// The stored hash is damaged, or there was not enough memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashingFailed;

/// Makes hashes with the parameters of the configuration.
#[derive(Clone, Debug)]
pub struct Hasher(Argon2<'static>);

impl Hasher {
    /// Argon2id version 19 with these parameters (RFC 9106).
    ///
    /// # Errors
    /// [`HashingFailed`] for parameters outside the limits of the algorithm.
    pub fn new(memory_kib: u32, iterations: u32, parallelism: u32) -> Result<Self, HashingFailed> {
        let params = Params::new(memory_kib, iterations, parallelism, None).map_err(|_| HashingFailed)?;
        Ok(Self(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)))
    }

    /// Returns a hasher whose parameters are at least those of `stored`: a new hash of the same password must not be
    /// easier to break than the old one, which another process may have made with higher parameters.
    #[must_use]
    pub fn at_least_as_strong_as(&self, stored: &PasswordHash) -> Self {
        let own = self.0.params();
        let stored = PhcString::new(&stored.0).ok().and_then(|stored| Params::try_from(&stored).ok());
        let Some(stored) = stored else { return self.clone() };
        let higher = |of: fn(&Params) -> u32| of(own).max(of(&stored));
        Self::new(higher(Params::m_cost), higher(Params::t_cost), higher(Params::p_cost))
            .unwrap_or_else(|_| self.clone())
    }

    /// Hashes a chosen password. Slow: call it on the hash pool.
    ///
    /// # Errors
    /// [`HashingFailed`] if there was not enough memory.
    pub fn hash(&self, password: &Password, salt: &[u8; 16]) -> Result<PasswordHash, HashingFailed> {
        self.written(salt, compute(&self.0, &password.mapped, salt)?)
    }

    /// Returns a hash of no password: its output is random instead of computed. To verify it takes as long as any other.
    ///
    /// # Errors
    /// [`HashingFailed`]; none is known.
    pub fn dummy_hash(&self, salt: &[u8; 16], output: &[u8; DUMMY_BYTES]) -> Result<PasswordHash, HashingFailed> {
        self.written(salt, Output::new(output).map_err(|_| HashingFailed)?)
    }

    fn written(&self, salt: &[u8; 16], output: Output) -> Result<PasswordHash, HashingFailed> {
        let hash = PhcString {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(self.0.params()).map_err(|_| HashingFailed)?,
            salt: Some(Salt::new(salt).map_err(|_| HashingFailed)?),
            hash: Some(output),
        };
        Ok(PasswordHash(hash.to_string()))
    }
}

/// Bytes of the output of a dummy hash: as many as the library computes.
const DUMMY_BYTES: usize = Params::DEFAULT_OUTPUT_LEN;

fn compute(argon2: &Argon2<'_>, password: &SecretString, salt: &[u8]) -> Result<Output, HashingFailed> {
    let mut output = [0; Output::MAX_LENGTH];
    let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let output = output.get_mut(..length).ok_or(HashingFailed)?;
    let password = password.expose_secret().as_bytes();
    let hash = |memory: &mut [Block]| argon2.hash_password_into_with_memory(password, salt, output, memory);
    let hashed = hash_memory::with_blocks(argon2.params().block_count(), hash).map_err(|_| HashingFailed)?;
    hashed.map_err(|_| HashingFailed)?;
    Output::new(output).map_err(|_| HashingFailed)
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
        assert_eq!(hash.verify(&Password::parse(&typed(&format!("{long}b"))).unwrap()), Ok(Verified::Wrong));
    }

    #[test]
    fn composed_and_decomposed_are_one_password_and_spaces_count() {
        let hash = hasher().hash(&Password::parse(&typed(" caf\u{e9} au lait ")).unwrap(), &[7; 16]).unwrap();

        assert_eq!(hash.verify(&Password::parse(&typed(" cafe\u{301} au lait ")).unwrap()), Ok(Verified::Right));
        assert_eq!(hash.verify(&Password::parse(&typed("cafe\u{301} au lait")).unwrap()), Ok(Verified::Wrong));
    }

    /// Every space of Unicode but U+0020 (the category Zs).
    const SPACES: &str = "\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\
                          \u{202f}\u{205f}\u{3000}";

    fn parsed(text: &str) -> String {
        Password::parse(&typed(text)).unwrap().mapped.expose_secret().to_owned()
    }

    #[test]
    fn every_space_is_the_space_of_the_space_bar_and_nothing_else_is_changed() {
        for space in SPACES.chars() {
            assert_eq!(
                parsed(&format!("{space}caf\u{e9}{space}{space}au lait{space}")),
                " caf\u{e9}  au lait ",
                "{space:?}"
            );
        }
        // Mapped first: NFC makes another space of this one.
        assert_eq!(parsed("\u{2000}e\u{301}"), " \u{e9}");
        for kept in [
            "  two  spaces at each end  ",
            "UPPER and lower, ＦＵＬＬ ｗｉｄｔｈ, ﬁ",
            "a tab\t, a line\r\n, a zero\0, a zero width\u{200b}\u{feff}",
            "line \u{2028} and paragraph \u{2029} separators, next line \u{85}",
            "Mongolian vowel separator \u{180e}",
            "\u{1f511} \u{378}",
        ] {
            assert_eq!(parsed(kept), kept);
        }
    }

    #[test]
    fn a_password_that_was_hashed_before_spaces_were_mapped_still_gets_in() {
        use argon2::password_hash::PasswordHasher as _;
        // As versions before hashed it: composed, and nothing else.
        let then = hasher().0.hash_password_with_salt("caf\u{e9}\u{a0}au\u{3000}lait".as_bytes(), &[7; 16]).unwrap();
        let then = PasswordHash::from_stored(then.to_string());
        let verify = |hash: &PasswordHash, text: &str| hash.verify(&Password::parse(&typed(text)).unwrap());
        assert_eq!(verify(&then, "cafe\u{301}\u{a0}au\u{3000}lait"), Ok(Verified::RightUnmapped));
        for wrong in ["caf\u{e9} au lait", "caf\u{e9}\u{3000}au\u{a0}lait", "caf\u{e9}\u{a0}au\u{3000}lai"] {
            assert_eq!(verify(&then, wrong), Ok(Verified::Wrong), "{wrong}");
        }
        let now = hasher().hash(&Password::parse(&typed("caf\u{e9}\u{a0}au\u{3000}lait")).unwrap(), &[7; 16]).unwrap();
        for right in ["caf\u{e9} au lait", "caf\u{e9}\u{3000}au\u{a0}lait", "cafe\u{301}\u{a0}au lait"] {
            assert_eq!(verify(&now, right), Ok(Verified::Right), "{right}");
        }
        assert_eq!(verify(&now, "caf\u{e9}au lait"), Ok(Verified::Wrong));
    }

    #[test]
    fn a_hash_says_its_parameters() {
        let hash = hasher().hash(&Password::parse(&typed("correct horse battery")).unwrap(), &[7; 16]).unwrap();
        assert!(hash.as_stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_stored());
    }

    #[test]
    fn a_hash_equals_the_one_of_the_library() {
        use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
        let password = Password::parse(&typed("correct horse battery")).unwrap();
        let own = hasher().hash(&password, &[7; 16]).unwrap();
        let theirs = hasher().0.hash_password_with_salt(b"correct horse battery", &[7; 16]).unwrap();
        assert_eq!(own.as_stored(), theirs.to_string());
        assert!(Argon2::default().verify_password(b"correct horse battery", own.as_stored()).is_ok());
        let other = "$argon2i$v=19$m=64,t=3,p=2$BwcHBwcHBwcHBwcHBwcHBw$";
        let params = Argon2::new(Algorithm::Argon2i, Version::V0x13, Params::new(64, 3, 2, None).unwrap());
        let weak = params.hash_password_with_salt(b"correct horse battery", &[7; 16]).unwrap().to_string();
        assert!(weak.starts_with(other));
        assert_eq!(PasswordHash::from_stored(weak).verify(&password), Ok(Verified::Right), "by its own parameters");
    }

    #[test]
    fn what_earlier_hashes_left_in_the_memory_changes_no_hash() {
        use argon2::password_hash::PasswordHasher as _;
        for (memory, iterations, lanes) in [(64, 1, 1), (256, 3, 4), (128, 2, 2), (256, 1, 1), (64, 2, 4)] {
            let hasher = Hasher::new(memory, iterations, lanes).unwrap();
            for text in ["correct horse", "battery staple"] {
                let own = hasher.hash(&Password::parse(&typed(text)).unwrap(), &[7; 16]).unwrap();
                let theirs = hasher.0.hash_password_with_salt(text.as_bytes(), &[7; 16]).unwrap();
                assert_eq!(own.as_stored(), theirs.to_string(), "{memory} {iterations} {lanes} {text}");
            }
            hash_memory::tidy();
        }
    }

    #[test]
    fn a_dummy_hash_is_of_the_form_of_a_real_one_and_no_password_has_it() {
        let dummy = hasher().dummy_hash(&[7; 16], &[9; DUMMY_BYTES]).unwrap();
        let real = hasher().hash(&Password::parse(&typed("correct horse battery")).unwrap(), &[7; 16]).unwrap();
        let form = |hash: &PasswordHash| {
            hash.as_stored().rsplit_once('$').map(|(form, output)| (form.to_owned(), output.len()))
        };
        assert_eq!(form(&dummy), form(&real));
        assert_eq!(dummy.verify(&Password::parse(&typed("correct horse battery")).unwrap()), Ok(Verified::Wrong));
        assert!(!dummy.is_weaker_than(&hasher()));
    }

    #[test]
    fn a_damaged_hash_is_an_error_and_not_a_wrong_password() {
        let damaged = PasswordHash::from_stored("$argon2id$nonsense".into());
        assert_eq!(damaged.verify(&Password::parse(&typed("x")).unwrap()), Err(HashingFailed));
    }
}
