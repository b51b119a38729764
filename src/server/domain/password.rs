//! Passwords: parsed once, hashed with Argon2id, never printed, compared as text, or cut (NIST 800-63B-4, 3.1.1.2).

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as PhcString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::Rules as _;
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

use super::password_strength::Strength;

/// Bytes of the longest password. Longer ones are refused before any work, not cut: a cut password would let in
/// everybody who knows its beginning.
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
        let composed = |text: &str| SecretString::from(text.nfc().collect::<String>());
        let spaced = with_ascii_spaces(typed);
        let unmapped = (spaced.expose_secret() != typed).then(|| composed(typed));
        Ok(Self { mapped: composed(spaced.expose_secret()), unmapped })
    }

    /// A password somebody chooses; `min_length` in code points, `context` as in [`Strength::of`]. Takes up to some
    /// milliseconds.
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

fn with_ascii_spaces(typed: &str) -> SecretString {
    let spaced = OpaqueString::new().additional_mapping_rule(typed).expect("the mapping of spaces refuses nothing");
    spaced.into_owned().into()
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
        match &password.unmapped {
            Some(unmapped) if !is(&password.mapped)? => is(unmapped),
            Some(_) => Ok(true),
            None => is(&password.mapped),
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
        let salt = Salt::new(salt).map_err(|_| HashingFailed)?;
        let hash = PhcString {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(self.0.params()).map_err(|_| HashingFailed)?,
            hash: Some(compute(&self.0, &password.mapped, &salt)?),
            salt: Some(salt),
        };
        Ok(PasswordHash(hash.to_string()))
    }
}

/// As much is mapped for a hash at least, in blocks of 1 KiB. What is not used is never touched, and is no memory.
///
/// glibc gives back at once what it has mapped by itself. But of a smaller block that comes back (up to 32 MiB) it concludes
/// that such blocks come often, and from then on lets every thread keep as much: a crowd of strangers made that 200 MB.
const MAPPED_BLOCKS: usize = 33 * 1024;

fn compute(argon2: &Argon2<'_>, password: &SecretString, salt: &[u8]) -> Result<Output, HashingFailed> {
    let mut output = [0; Output::MAX_LENGTH];
    let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let output = output.get_mut(..length).ok_or(HashingFailed)?;
    let (mut memory, blocks) = (Vec::new(), argon2.params().block_count());
    memory.try_reserve_exact(blocks.max(MAPPED_BLOCKS)).map_err(|_| HashingFailed)?;
    memory.resize(blocks, Block::new());
    let password = password.expose_secret().as_bytes();
    argon2.hash_password_into_with_memory(password, salt, output, &mut memory).map_err(|_| HashingFailed)?;
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
        assert_eq!(hash.verify(&Password::parse(&typed(&format!("{long}b"))).unwrap()), Ok(false));
    }

    #[test]
    fn composed_and_decomposed_are_one_password_and_spaces_count() {
        let hash = hasher().hash(&Password::parse(&typed(" caf\u{e9} au lait ")).unwrap(), &[7; 16]).unwrap();

        assert_eq!(hash.verify(&Password::parse(&typed(" cafe\u{301} au lait ")).unwrap()), Ok(true));
        assert_eq!(hash.verify(&Password::parse(&typed("cafe\u{301} au lait")).unwrap()), Ok(false));
    }

    /// Every space of Unicode but U+0020 (the category Zs).
    const SPACES: &str = "\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\
                          \u{202f}\u{205f}\u{3000}";

    fn mapped(text: &str) -> String {
        Password::parse(&typed(text)).unwrap().mapped.expose_secret().to_owned()
    }

    #[test]
    fn every_space_is_the_space_of_the_space_bar_and_nothing_else_is_changed() {
        for space in SPACES.chars() {
            assert_eq!(
                mapped(&format!("{space}caf\u{e9}{space}{space}au lait{space}")),
                " caf\u{e9}  au lait ",
                "{space:?}"
            );
        }
        // Mapped first: NFC makes another space of this one.
        assert_eq!(mapped("\u{2000}e\u{301}"), " \u{e9}");
        for kept in [
            "  two  spaces at each end  ",
            "UPPER and lower, ＦＵＬＬ ｗｉｄｔｈ, ﬁ",
            "a tab\t, a line\r\n, a zero\0, a zero width\u{200b}\u{feff}",
            "line \u{2028} and paragraph \u{2029} separators, next line \u{85}",
            "Mongolian vowel separator \u{180e}",
            "\u{1f511} \u{378}",
        ] {
            assert_eq!(mapped(kept), kept);
        }
    }

    #[test]
    fn a_password_that_was_hashed_before_spaces_were_mapped_still_gets_in() {
        use argon2::password_hash::PasswordHasher as _;
        // As versions before hashed it: composed, and nothing else.
        let then = hasher().0.hash_password_with_salt("caf\u{e9}\u{a0}au\u{3000}lait".as_bytes(), &[7; 16]).unwrap();
        let then = PasswordHash::from_stored(then.to_string());
        let verify = |hash: &PasswordHash, text: &str| hash.verify(&Password::parse(&typed(text)).unwrap());
        assert_eq!(verify(&then, "cafe\u{301}\u{a0}au\u{3000}lait"), Ok(true));
        for wrong in ["caf\u{e9} au lait", "caf\u{e9}\u{3000}au\u{a0}lait", "caf\u{e9}\u{a0}au\u{3000}lai"] {
            assert_eq!(verify(&then, wrong), Ok(false), "{wrong}");
        }
        let now = hasher().hash(&Password::parse(&typed("caf\u{e9}\u{a0}au\u{3000}lait")).unwrap(), &[7; 16]).unwrap();
        for right in ["caf\u{e9} au lait", "caf\u{e9}\u{3000}au\u{a0}lait", "cafe\u{301}\u{a0}au lait"] {
            assert_eq!(verify(&now, right), Ok(true), "{right}");
        }
        assert_eq!(verify(&now, "caf\u{e9}au lait"), Ok(false));
    }

    #[test]
    fn a_hash_says_its_parameters() {
        let hash = hasher().hash(&Password::parse(&typed("correct horse battery")).unwrap(), &[7; 16]).unwrap();
        assert!(hash.as_stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_stored());
    }

    #[test]
    fn a_hash_is_the_one_that_the_library_makes_by_itself() {
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
        assert_eq!(PasswordHash::from_stored(weak).verify(&password), Ok(true), "by its own parameters");
    }

    #[test]
    fn a_damaged_hash_is_an_error_and_not_a_wrong_password() {
        let damaged = PasswordHash::from_stored("$argon2id$nonsense".into());
        assert_eq!(damaged.verify(&Password::parse(&typed("x")).unwrap()), Err(HashingFailed));
    }
}
