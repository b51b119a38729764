//! The token that lets other machines read `/metrics`.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use secrecy::{ExposeSecret as _, SecretString};

/// Minimum characters: enough that a random token cannot be guessed.
const MIN_LENGTH: usize = 32;

/// `METRICS_TOKEN`. Cannot be printed.
pub struct MetricsToken(SecretString);

/// The text cannot be such a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NotAMetricsToken;

impl fmt::Display for NotAMetricsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is shorter than {MIN_LENGTH} characters, or has some that a Bearer token cannot have")
    }
}

impl MetricsToken {
    /// Parses a token with the characters of RFC 6750, section 2.1.
    ///
    /// # Errors
    /// [`NotAMetricsToken`].
    pub fn parse(text: &str) -> Result<Self, NotAMetricsToken> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let good = text.len() >= MIN_LENGTH && text.bytes().all(fits);
        if good { Ok(Self(text.into())) } else { Err(NotAMetricsToken) }
    }

    /// Returns whether a client sent this token. The time of the comparison depends only on the length.
    #[must_use]
    pub fn is(&self, shown: &str) -> bool {
        verify_slices_are_equal(self.0.expose_secret().as_bytes(), shown.as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_can_stand_in_a_header() {
        let right = "N5nGXkh0p2Vf_3rJ8~aQ+w/Zb.c-7Q==";
        let token = MetricsToken::parse(right).unwrap();
        assert!(token.is(right));
        assert!(!token.is(&right[1..]) && !token.is(&right.to_lowercase()) && !token.is(""));
        for bad in ["", &right[1..], &format!("{right} "), &format!("ä{right}")] {
            assert!(MetricsToken::parse(bad).is_err(), "{bad}");
        }
    }
}
