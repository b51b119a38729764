//! Origins of web pages, as browsers write them into the header `Origin` (RFC 6454, section 6.2).

use url::{Origin, Url};

/// A list of origins. An origin is on it only if it is written exactly so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebOrigins(Vec<String>);

/// No browser writes an origin like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an origin as browsers write it")]
pub struct NotAnOrigin(pub String);

impl WebOrigins {
    /// Reads a list with commas between; an empty text is an empty list.
    ///
    /// # Errors
    /// The first text that is [`NotAnOrigin`].
    pub fn parse(list: &str) -> Result<Self, NotAnOrigin> {
        if list.trim().is_empty() {
            return Ok(Self::default());
        }
        let origins = list.split(',').map(str::trim);
        let origins =
            origins.map(|text| if is_origin(text) { Ok(text.to_owned()) } else { Err(NotAnOrigin(text.to_owned())) });
        origins.collect::<Result<_, _>>().map(Self)
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them, byte by byte.
    #[must_use]
    pub fn contains(&self, origin: &[u8]) -> bool {
        self.0.iter().any(|known| known.as_bytes() == origin)
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Whether a browser would write the text: the text that it would write is compared, so that a path, a slash at the end, a
/// default port or capital letters are told at the start, and not found out when nothing matches.
fn is_origin(text: &str) -> bool {
    // A valid character of a host, but not of a name that anyone has: it was meant as a wildcard.
    if text.contains('*') {
        return false;
    }
    Url::parse(text).is_ok_and(|url| match url.origin() {
        origin @ Origin::Tuple(..) => origin.ascii_serialization() == text,
        // The scheme of an app, like capacitor://localhost.
        Origin::Opaque(_) => {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            url.host_str().is_some_and(|host| format!("{}://{host}{port}", url.scheme()) == text)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_what_it_names_and_nothing_that_resembles_it() {
        let list = "https://app.example.org, http://localhost:8080,http://[::1]:5173,capacitor://localhost";
        let origins = WebOrigins::parse(list).unwrap();
        assert_eq!(origins.iter().count(), 4);
        for origin in ["https://app.example.org", "http://localhost:8080", "http://[::1]:5173", "capacitor://localhost"]
        {
            assert!(origins.contains(origin.as_bytes()), "{origin}");
        }
        for other in [
            "",
            "null",
            "https://app.example.org/",
            "https://app.example.org:443",
            "https://app.example.org.evil.example",
            "https://evil.example/https://app.example.org",
            "https://xapp.example.org",
            "https://APP.example.org",
            "http://app.example.org",
            "http://localhost:80800",
            "http://localhost",
            "https://app.example.org, http://localhost:8080",
        ] {
            assert!(!origins.contains(other.as_bytes()), "{other}");
        }
        for none in ["", "  "] {
            let origins = WebOrigins::parse(none).unwrap();
            assert!(origins.is_empty() && !origins.contains(b""), "{none:?}");
        }
    }

    #[test]
    fn what_no_browser_writes_is_refused() {
        for bad in [
            "*",
            "null",
            "https://*.example.org",
            "https://*",
            "app.example.org",
            "localhost:8080",
            "https://app.example.org/",
            "https://app.example.org/path",
            "https://app.example.org?x",
            "https://app.example.org#x",
            "https://app.example.org:443",
            "http://app.example.org:80",
            "https://App.example.org",
            "HTTPS://app.example.org",
            "https://user@app.example.org",
            "https://b\u{fc}cher.example",
            "http://127.1",
            "http://0x7f000001",
            "https://app.example.org:0443",
            "https://",
            "https:app.example.org",
            "file:///",
            "data:text/html,x",
            "https://app.example.org https://b.example",
            "https://app.example.org,,https://b.example",
            "https://app.example.org,",
            ",",
        ] {
            assert!(WebOrigins::parse(bad).is_err(), "{bad}");
        }
    }
}
