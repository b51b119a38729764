//! The gate of `/forward-auth`: the addresses that it protects, and the domain of its cookie (contract, section 11.2).

use url::{Host, Url};

use super::web_origins::WebOrigins;

/// The settings of the gate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// The origins that it protects, and to which a sign-in may lead back.
    pub origins: WebOrigins,
    /// Absent: there is no gate cookie, and only an access token opens the gate.
    pub cookie_domain: Option<CookieDomain>,
}

/// A domain for which the server can set a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieDomain(String);

/// Why a cookie cannot be set for a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitDomain {
    #[error("is not a domain name as browsers write it")]
    NotAName,
    #[error("is not the host of PUBLIC_URL, nor a parent domain of it")]
    NotAParent,
    #[error("is a public suffix: browsers refuse such a cookie, because anyone can have a host there")]
    PublicSuffix,
}

impl Gate {
    /// Parses an address. Returns it as browsers write it, if its origin is listed.
    ///
    /// Browsers ignore tabs and line breaks in an address, and read `\` as `/`: no honest address has them.
    #[must_use]
    pub fn listed(&self, address: &str) -> Option<Url> {
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
        let dishonest = |letter: char| letter.is_control() || letter == '\\' || letter == ' ';
        // Browsers also skip further slashes.
        if rest.starts_with('/') || address.contains(dishonest) {
            return None;
        }
        let url = Url::parse(address).ok()?;
        let without_user = url.username().is_empty() && url.password().is_none();
        let listed = self.origins.contains(url.origin().ascii_serialization().as_bytes());
        (without_user && listed).then_some(url)
    }

    /// Puts together the address that a proxy was asked for, and parses it like [`Self::listed`]. Some proxies name the
    /// protocol of a WebSocket.
    #[must_use]
    pub fn listed_parts(&self, scheme: &str, host: &str, uri: &str) -> Option<Url> {
        let scheme = match scheme {
            "https" | "wss" => "https",
            "http" | "ws" => "http",
            _ => return None,
        };
        uri.starts_with('/').then(|| self.listed(&format!("{scheme}://{host}{uri}"))).flatten()
    }

    /// Returns whether a browser sends the gate cookie to this address.
    #[must_use]
    pub fn cookie_reaches(&self, address: &Url) -> bool {
        let domain = self.cookie_domain.as_ref();
        address.host_str().is_some_and(|host| domain.is_some_and(|domain| domain.covers(host)))
    }
}

impl CookieDomain {
    /// Parses a domain. `public_url`: where the server is, which sets the cookie.
    ///
    /// # Errors
    /// [`UnfitDomain`].
    pub fn parse(domain: &str, public_url: &str) -> Result<Self, UnfitDomain> {
        // As browsers write it: in lower case and in ASCII. An address of numbers has no parent.
        let url = Url::parse(&format!("https://{domain}/")).map_err(|_| UnfitDomain::NotAName)?;
        if !matches!(url.host(), Some(Host::Domain(host)) if host == domain) || domain.ends_with('.') {
            return Err(UnfitDomain::NotAName);
        }
        let parsed = Self(domain.to_owned());
        let public = Url::parse(public_url).ok();
        if !public.as_ref().and_then(Url::host_str).is_some_and(|host| parsed.covers(host)) {
            return Err(UnfitDomain::NotAParent);
        }
        // A public suffix is in no registrable domain.
        if psl::domain_str(domain).is_none() {
            return Err(UnfitDomain::PublicSuffix);
        }
        Ok(parsed)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a browser sends a cookie of this domain to a host (RFC 6265, section 5.1.3).
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        host.strip_suffix(&self.0).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(origins: &str) -> Gate {
        Gate { origins: WebOrigins::parse(origins).unwrap(), cookie_domain: None }
    }

    #[test]
    fn only_an_address_of_a_listed_origin_is_accepted_and_written_as_browsers_do() {
        let gate = gate("https://app.example.org, http://wiki.example.org:8080, https://evil.example.org");
        for (address, written) in [
            ("https://app.example.org", "https://app.example.org/"),
            ("https://app.example.org/a?b=c#d", "https://app.example.org/a?b=c#d"),
            ("https://app.example.org:443/", "https://app.example.org/"),
            ("https://APP.Example.org/", "https://app.example.org/"),
            ("http://wiki.example.org:8080/w%20x", "http://wiki.example.org:8080/w%20x"),
            ("https://app.example.org/caf\u{e9}", "https://app.example.org/caf%C3%A9"),
            ("https://app.example.org//evil.example", "https://app.example.org//evil.example"),
            ("https://app.example.org/?to=https://evil.example", "https://app.example.org/?to=https://evil.example"),
        ] {
            assert_eq!(gate.listed(address).as_ref().map(Url::as_str), Some(written), "{address}");
        }
        for hostile in [
            "",
            "/",
            "//app.example.org",
            "//evil.example",
            "https:app.example.org",
            "https:/app.example.org",
            "https:///app.example.org",
            "https://evil.example",
            "https://app.example.org.evil.example",
            "https://app.example.orgevil.example",
            "https://app.example.org@evil.example",
            "https://app.example.org:x@evil.example",
            "https://evil.example@app.example.org",
            "https://:x@app.example.org",
            "https://evil.example/https://app.example.org",
            "https://evil.example?https://app.example.org",
            "https://evil.example#@app.example.org",
            "https://evil.example\\@app.example.org",
            "https://app.example.org\\@evil.example",
            "https:\\\\app.example.org",
            "https://app.example.org\t/",
            "https://app.example.org/\n",
            "https://app.example.org/\r\nLocation: https://evil.example",
            "https://app.example.org/\u{0}",
            "https://app.example.org/a b",
            " https://app.example.org",
            "https://app.example.org:444/",
            "http://app.example.org/",
            "https://wiki.example.org:8080/",
            "https://app.example.org./",
            "HTTPS://app.example.org/",
            "javascript:alert(1)//https://app.example.org",
            "data:text/html,https://app.example.org",
            "blob:https://app.example.org/1",
            "ftp://app.example.org/",
            "null",
        ] {
            assert_eq!(gate.listed(hostile), None, "{hostile:?}");
        }
        assert_eq!(super::Gate::default().listed("https://app.example.org/"), None, "none is listed");
    }

    #[test]
    fn the_address_that_a_proxy_was_asked_for_is_put_together_only_from_honest_parts() {
        let gate = gate("https://app.example.org, http://wiki.example.org:8080");
        for (scheme, host, uri, written) in [
            ("https", "app.example.org", "/a?b", Some("https://app.example.org/a?b")),
            ("wss", "app.example.org", "/live", Some("https://app.example.org/live")),
            ("ws", "wiki.example.org:8080", "/", Some("http://wiki.example.org:8080/")),
            ("https", "app.example.org", "//evil.example/", Some("https://app.example.org//evil.example/")),
            ("https", "app.example.org", "@evil.example/", None),
            ("https", "app.example.org", ".evil.example/", None),
            ("https", "app.example.org", "", None),
            ("https", "app.example.org@evil.example", "/", None),
            ("https", "evil.example#app.example.org", "/", None),
            ("https", "evil.example, app.example.org", "/", None),
            ("https://app.example.org/", "", "/", None),
            ("http", "app.example.org", "/", None),
            ("ftp", "app.example.org", "/", None),
        ] {
            let address = gate.listed_parts(scheme, host, uri);
            assert_eq!(address.as_ref().map(Url::as_str), written, "{scheme} {host} {uri}");
        }
    }

    #[test]
    fn a_cookie_domain_is_the_host_or_a_parent_of_it_and_never_a_public_suffix() {
        for (domain, public_url) in [
            ("example.org", "https://id.example.org"),
            ("example.org", "https://example.org"),
            ("id.example.org", "https://id.example.org:8443"),
            ("example.co.uk", "https://id.apps.example.co.uk"),
            ("gate.localhost", "http://id.gate.localhost:3000"),
            ("xn--bcher-kva.example", "https://id.xn--bcher-kva.example"),
        ] {
            assert_eq!(CookieDomain::parse(domain, public_url).as_ref().map(CookieDomain::as_str), Ok(domain));
        }
        for (domain, public_url, unfit) in [
            ("org", "https://id.example.org", UnfitDomain::PublicSuffix),
            ("co.uk", "https://id.example.co.uk", UnfitDomain::PublicSuffix),
            ("github.io", "https://ada.github.io", UnfitDomain::PublicSuffix),
            ("localhost", "http://id.localhost:3000", UnfitDomain::PublicSuffix),
            ("example.com", "https://id.example.org", UnfitDomain::NotAParent),
            ("app.id.example.org", "https://id.example.org", UnfitDomain::NotAParent),
            ("ample.org", "https://id.example.org", UnfitDomain::NotAParent),
            ("example.org", "http://127.0.0.1:3000", UnfitDomain::NotAParent),
            ("127.0.0.1", "http://127.0.0.1:3000", UnfitDomain::NotAName),
            ("0.1", "http://127.0.0.1:3000", UnfitDomain::NotAName),
            (".example.org", "https://id.example.org", UnfitDomain::NotAParent),
            ("example.org.", "https://id.example.org", UnfitDomain::NotAName),
            ("Example.org", "https://id.example.org", UnfitDomain::NotAName),
            ("https://example.org", "https://id.example.org", UnfitDomain::NotAName),
            ("example.org; Path=/x", "https://id.example.org", UnfitDomain::NotAName),
            ("b\u{fc}cher.example", "https://id.xn--bcher-kva.example", UnfitDomain::NotAName),
            ("*.example.org", "https://id.example.org", UnfitDomain::NotAParent),
        ] {
            assert_eq!(CookieDomain::parse(domain, public_url).err(), Some(unfit), "{domain}");
        }
    }

    #[test]
    fn a_cookie_reaches_its_domain_and_the_hosts_below() {
        let cookie_domain = CookieDomain::parse("example.org", "https://id.example.org").ok();
        let gate = Gate { cookie_domain, ..gate("https://app.example.org") };
        for (address, reached) in [
            ("https://app.example.org/", true),
            ("https://example.org:8443/", true),
            ("https://a.b.example.org/", true),
            ("https://badexample.org/", false),
            ("https://example.org.evil.example/", false),
        ] {
            assert_eq!(gate.cookie_reaches(&Url::parse(address).unwrap()), reached, "{address}");
        }
    }
}
