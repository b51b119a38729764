//! Email addresses: how the user of an account writes one, and by what it is found.

use std::fmt;

use lettre::Address;
use url::Host;

/// Bytes of the longest address (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const MAX_BYTES: usize = 254;

/// An email address. The domain is in lower case, and in ASCII; the part before the `@` is as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(Address);

/// The text is not an email address that we send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an email address")]
pub struct NotAnEmail;

impl Email {
    /// Ignores white space around the address. Accepts ASCII before the `@`, without quotes; a mail server that takes more is
    /// rare, and capital letters beyond ASCII would make two addresses one (`ſ` and `s`). The domain can have any letters.
    ///
    /// # Errors
    /// [`NotAnEmail`].
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let (user, domain) = text.trim().rsplit_once('@').ok_or(NotAnEmail)?;
        // As browsers read it. An IP address is no domain.
        let Ok(Host::Domain(domain)) = Host::parse(domain) else { return Err(NotAnEmail) };
        if !user.is_ascii() || user.starts_with('"') || user.len() + "@".len() + domain.len() > MAX_BYTES {
            return Err(NotAnEmail);
        }
        Address::new(user, domain).map(Self).map_err(|_| NotAnEmail)
    }

    /// Returns the text by which the address is found: all in lower case. By the standard, `Ada@` and `ada@` can be two
    /// mailboxes; no known mail server makes use of that.
    #[must_use]
    pub fn lookup(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// Returns the address for the library that sends.
    #[must_use]
    pub fn into_address(self) -> Address {
        self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_it_was_typed_and_found_in_any_case() {
        for (typed, kept, lookup) in [
            ("ada@example.org", "ada@example.org", "ada@example.org"),
            (" Ada.Byron+x@Example.ORG\n", "Ada.Byron+x@example.org", "ada.byron+x@example.org"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
            ("o'brien@localhost", "o'brien@localhost", "o'brien@localhost"),
        ] {
            let email = Email::parse(typed).unwrap();
            assert_eq!((email.as_str(), email.lookup().as_str()), (kept, lookup), "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_address_or_no_domain_is_rejected() {
        let long = format!("{}@{}.example", "a".repeat(64), "b".repeat(63).repeat(4));
        for typed in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@127.0.0.1",
            "ada@[::1]",
            "ada@exa mple.org",
            "ada@example.org, eve@example.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada\r\n@example.org",
            "Ada <ada@example.org>",
            "\"a b\"@example.org",
            "a b@example.org",
            "..@example.org",
            "mi\u{212a}e@example.org",
            &long,
        ] {
            assert_eq!(Email::parse(typed), Err(NotAnEmail), "{typed:?}");
        }
    }
}
