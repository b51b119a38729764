//! The mapping of the profile `OpaqueString` (RFC 8265, section 4.2): what is hashed, and so what must be judged.

use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::Rules as _;
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

/// Returns the text with U+0020 in place of other spaces, in NFC.
#[must_use]
pub fn mapped(typed: &str) -> SecretString {
    // Maps one character to another and so accepts every text, but its signature is that of rules that can refuse.
    let spaced = OpaqueString::new().additional_mapping_rule(typed).unwrap_or(typed.into());
    let spaced = SecretString::from(spaced.into_owned());
    spaced.expose_secret().nfc().collect::<String>().into()
}
