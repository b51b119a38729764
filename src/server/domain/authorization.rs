//! The `Authorization` header, taken apart: a scheme, one or more spaces, credentials (RFC 9110, section 11.4).
//!
//! The only parser of this header: every door that reads it begins here. Does not know what credentials mean.

/// One header, taken apart. No `Debug`: the credentials are secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Authorization<'h> {
    scheme: &'h [u8],
    /// Everything behind the spaces; empty if nothing is there.
    pub credentials: &'h [u8],
}

/// Why a request has no header to go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOneHeader {
    #[error("the header is missing or empty")]
    Missing,
    #[error("the header is there more than once")]
    Several,
}

impl<'h> Authorization<'h> {
    /// Takes one header apart. White space at its ends is not part of it: hyper has removed that.
    #[must_use]
    pub fn of(header: &'h [u8]) -> Self {
        let end = header.iter().position(|byte| *byte == b' ').unwrap_or(header.len());
        let (scheme, rest) = header.split_at(end);
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        Self { scheme, credentials: &rest[spaces..] }
    }

    /// Takes the header of a request apart, which must be there exactly once.
    ///
    /// # Errors
    /// [`NotOneHeader`].
    pub fn only(headers: impl IntoIterator<Item = &'h [u8]>) -> Result<Self, NotOneHeader> {
        let mut headers = headers.into_iter();
        let header = headers.next().ok_or(NotOneHeader::Missing)?;
        if headers.next().is_some() {
            return Err(NotOneHeader::Several);
        }
        if header.trim_ascii().is_empty() {
            return Err(NotOneHeader::Missing);
        }
        Ok(Self::of(header))
    }

    /// Whether this is the scheme, in upper or lower case.
    #[must_use]
    pub const fn is_of(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme.as_bytes())
    }

    /// The credentials, if they are exactly one token.
    #[must_use]
    pub fn token(&self) -> Option<&'h str> {
        // Not `any`: without an early end, many bytes are compared at once.
        let several = self.credentials.iter().fold(false, |found, byte| found | matches!(byte, b' ' | b'\t' | b','));
        std::str::from_utf8(self.credentials).ok().filter(|token| !token.is_empty() && !several)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> Option<&str> {
        Authorization::of(header.as_bytes()).token()
    }

    #[test]
    fn a_scheme_is_followed_by_one_or_more_spaces() {
        for header in ["Bearer x.y.z", "Bearer  x.y.z", "bearer      x.y.z"] {
            assert!(Authorization::of(header.as_bytes()).is_of("Bearer"), "{header}");
            assert_eq!(token(header), Some("x.y.z"), "{header}");
        }
    }

    #[test]
    fn anything_but_spaces_between_and_one_token_behind_is_refused() {
        for header in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer   ",
            "Bearer \tx",
            "Bearer  \tx",
            "Bearer x y",
            "Bearer x,y",
            "Bearer x ",
            "Bearer x\t",
            "Bearer x, Bearer y",
        ] {
            assert_eq!(token(header), None, "{header:?}");
        }
        // A tab does not end a scheme, and nothing comes before one.
        for header in ["Bearer\tx", "Bearer\u{a0}x", " Bearer x", "\tBearer x", "Bearerx y", "\"Bearer\" x"] {
            assert!(!Authorization::of(header.as_bytes()).is_of("Bearer"), "{header:?}");
        }
        assert_eq!(Authorization::of(b"Bearer \xff").token(), None);
    }

    #[test]
    fn a_header_that_is_empty_is_missing_and_two_are_none() {
        let only = |headers: &[&'static str]| Authorization::only(headers.iter().map(|header| header.as_bytes())).err();
        for missing in [&[][..], &[""], &["   "], &["\t"]] {
            assert_eq!(only(missing), Some(NotOneHeader::Missing), "{missing:?}");
        }
        for several in [&["Bearer x", "Bearer x"][..], &["", ""], &["Basic eDp5", "Bearer x"]] {
            assert_eq!(only(several), Some(NotOneHeader::Several), "{several:?}");
        }
        assert_eq!(only(&["Bearer x"]), None);
    }
}
