//! Names that an operator gives to clients and audiences: they need no encoding in a form, an address or a header.

/// Characters of the longest name.
const MAX: usize = 64;

/// The text cannot be such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use 1 to {MAX} of the characters a-z A-Z 0-9 - _ .")]
pub struct NotAPlainName;

/// Returns the name: letters, digits, `-`, `_` and `.` only.
///
/// # Errors
/// [`NotAPlainName`].
pub fn parse(text: &str) -> Result<String, NotAPlainName> {
    let right = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let fits = (1..=MAX).contains(&text.len()) && text.bytes().all(right);
    if fits { Ok(text.to_owned()) } else { Err(NotAPlainName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_needs_no_encoding_anywhere() {
        assert!(parse("billing-2.internal_eu").is_ok());
        for bad in ["", "a b", "a:b", "ä", "a%20b", &"x".repeat(65)] {
            assert_eq!(parse(bad), Err(NotAPlainName), "{bad}");
        }
    }
}
