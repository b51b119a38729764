//! `next`: the page to which a sign-in leads back (contract, section 9.2).
//!
//! This is the only rule for it. The server applies it to every value from a visitor, and writes only accepted values into
//! its pages and redirects. The program in the browser reads them there, and checks nothing itself.

/// Where a sign-in leads when no accepted `next` says otherwise.
pub const DASHBOARD: &str = "/dashboard";

/// Where a sign-in goes on if the account has a second factor.
pub const SECOND_FACTOR: &str = "/login/second-factor";

/// Bytes of the longest address. In a query every byte can become three, and the browser sends the query a second time as
/// `Referer`: both must fit into 16 KiB of header fields.
pub const MAX_BYTES: usize = 2048;

/// Returns the address in ASCII if it is one absolute path of our own: it begins with one `/`, then neither `/` nor `\`. It
/// holds no control character, because browsers remove tabs and line breaks, and no segment `.` or `..`, because a browser
/// would remove those too and could be left with two slashes at the start.
#[must_use]
pub fn accepted(asked: &str) -> Option<String> {
    let path = asked.split(['?', '#']).next()?;
    let own = path.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    let as_written = !path.split(['/', '\\']).any(is_dots);
    let address = in_ascii(asked);
    let clean = address.len() <= MAX_BYTES && !asked.contains(char::is_control);
    (own && as_written && clean).then_some(address)
}

/// The address of a form, `/login` or `/signup`, that leads back to `next`.
#[must_use]
pub fn form_address(form: &str, next: Option<&str>) -> String {
    let Some(next) = next else { return form.to_owned() };
    [form, "?next=", &escaped(next, |byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))].concat()
}

/// A segment that browsers remove, or remove with the one before it (URL Standard, "single-dot" and "double-dot").
fn is_dots(segment: &str) -> bool {
    let plain = segment.replace("%2e", ".").replace("%2E", ".");
    plain == "." || plain == ".."
}

/// What a browser makes of it when it sends it. It is valid in a header.
fn in_ascii(address: &str) -> String {
    escaped(address, |byte| byte.is_ascii_graphic())
}

fn escaped(text: &str, stays: impl Fn(u8) -> bool) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if stays(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, accepted, form_address};

    #[test]
    fn a_path_of_our_own_is_accepted_as_it_is() {
        for own in [
            "/",
            "/dashboard",
            "/sessions?x=1#here",
            "/.well-known/change-password",
            "/login?next=%2Fsessions",
            "/a//b",
            "/a\\b",
            "/...",
            "/%2f%2fevil.example",
            "/%5cevil.example",
            "/%0d%0aLocation:%20https://evil.example",
            "/@evil.example",
            "/sessions?to=//evil.example&up=/../..",
            "/sessions#/../x",
        ] {
            assert_eq!(accepted(own).as_deref(), Some(own));
        }
    }

    #[test]
    fn a_letter_beyond_ascii_is_written_as_a_browser_sends_it() {
        assert_eq!(accepted("/café?ü=1 2#ö").as_deref(), Some("/caf%C3%A9?%C3%BC=1%202#%C3%B6"));
    }

    #[test]
    fn an_address_that_leads_elsewhere_or_nowhere_is_not_accepted() {
        for hostile in [
            "",
            "dashboard",
            " /dashboard",
            "?x",
            "#here",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "\t//evil.example",
            "/\n/evil.example",
            "/\r\n/evil.example",
            "/\u{0}/evil.example",
            "/dashboard\r\nLocation: https://evil.example",
            "/dashboard\u{7f}",
            "/dashboard\u{85}",
            "https:evil.example",
            "https://evil.example",
            "http:///evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "@evil.example",
            "evil.example",
            "%2f%2fevil.example",
            "\u{ff0f}\u{ff0f}evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/%2e%2E//evil.example",
            "/.%2e\\/evil.example",
            "/a/..//evil.example",
            "/a/../..",
        ] {
            assert_eq!(accepted(hostile), None, "{hostile:?}");
        }
    }

    #[test]
    fn an_address_that_would_fill_the_header_fields_is_not_accepted() {
        let long = |bytes: usize| format!("/{}", "x".repeat(bytes - 1));
        assert!(accepted(&long(MAX_BYTES)).is_some());
        assert_eq!(accepted(&long(MAX_BYTES + 1)), None);
        assert_eq!(accepted(&long(8 * 1024)), None);
        assert_eq!(accepted(&format!("/{}", "ü".repeat(MAX_BYTES / 4))), None, "it is longer as it is sent");
    }

    #[test]
    fn the_address_of_a_form_says_where_to_go_on() {
        assert_eq!(form_address("/login", None), "/login");
        assert_eq!(form_address("/login", Some("/sessions?x=1#here")), "/login?next=%2Fsessions%3Fx%3D1%23here");
        assert_eq!(form_address("/signup", Some("/a&b=%20+~")), "/signup?next=%2Fa%26b%3D%2520%2B~");
    }
}
