//! The relying party of passkeys (WebAuthn, section 4): the domain for which browsers make them, and the origins that may use
//! them.

use url::{Host, Url};
use webauthn_rp::request::{AsciiDomain, RpId};

use super::gate::{CookieDomain, UnfitDomain};
use super::web_origins::WebOrigins;

/// Who this server is to a browser that makes passkeys.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    id: RpId,
    /// Our own pages first.
    origins: Vec<String>,
    related: WebOrigins,
}

impl RelyingParty {
    /// Returns the relying party of a server. `None` if `public_url` has an address for a host: browsers make passkeys for
    /// names only. `id`: the domain from the settings, if it is not the host itself. `related`: further origins, of other
    /// domains.
    ///
    /// # Errors
    /// [`UnfitDomain`]: browsers take the host, or a parent of it that is no public suffix.
    pub fn of(public_url: &str, id: Option<&str>, related: WebOrigins) -> Result<Option<Self>, UnfitDomain> {
        let url = Url::parse(public_url).map_err(|_| UnfitDomain::NotAName)?;
        let host = match url.host() {
            Some(Host::Domain(host)) => Some(host),
            _ => None,
        };
        let domain = match (id, host) {
            (None, None) => return Ok(None),
            (None, Some(host)) => host,
            (Some(id), Some(host)) if id == host => host,
            // As browsers decide about a cookie of a parent domain.
            (Some(id), _) => CookieDomain::parse(id, public_url).map(|_| id)?,
        };
        let domain = AsciiDomain::try_from(domain.to_owned()).map_err(|_| UnfitDomain::NotAName)?;
        let origins = std::iter::once(url.origin().ascii_serialization()).chain(related.iter().map(str::to_owned));
        Ok(Some(Self { id: RpId::Domain(domain), origins: origins.collect(), related }))
    }

    /// Returns the domain.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.as_ref()
    }

    /// The same, for the library.
    pub(super) const fn rp_id(&self) -> &RpId {
        &self.id
    }

    /// Returns the origins whose pages may use the passkeys.
    pub(super) fn origins(&self) -> &[String] {
        &self.origins
    }

    /// Returns the origins of other domains: browsers ask for this list (`/.well-known/webauthn`).
    #[must_use]
    pub const fn related(&self) -> &WebOrigins {
        &self.related
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(public_url: &str, id: Option<&str>) -> Result<Option<String>, UnfitDomain> {
        let party = RelyingParty::of(public_url, id, WebOrigins::default())?;
        Ok(party.map(|party| format!("{} {}", party.id(), party.origins.join(" "))))
    }

    #[test]
    fn a_passkey_is_for_the_host_or_a_parent_of_it_and_never_for_an_address() {
        for (public_url, id, party) in [
            ("http://localhost:3000", None, "localhost http://localhost:3000"),
            ("https://id.example.org", None, "id.example.org https://id.example.org"),
            ("https://id.example.org:443", None, "id.example.org https://id.example.org"),
            ("https://id.example.org", Some("id.example.org"), "id.example.org https://id.example.org"),
            ("https://id.example.org", Some("example.org"), "example.org https://id.example.org"),
            // Its owner runs the whole suffix: the host itself is always right.
            ("https://github.io", None, "github.io https://github.io"),
        ] {
            assert_eq!(of(public_url, id), Ok(Some(party.to_owned())), "{public_url} {id:?}");
        }
        for address in ["http://127.0.0.1:3000", "https://192.0.2.1", "http://[::1]:3000"] {
            assert_eq!(of(address, None), Ok(None), "{address}");
            assert_eq!(of(address, Some("example.org")), Err(UnfitDomain::NotAParent), "{address}");
        }
        for (public_url, id, unfit) in [
            ("https://ada.github.io", "github.io", UnfitDomain::PublicSuffix),
            ("https://id.example.co.uk", "co.uk", UnfitDomain::PublicSuffix),
            ("https://id.example.org", "example.com", UnfitDomain::NotAParent),
            ("https://id.example.org", "Example.org", UnfitDomain::NotAName),
            ("https://id.example.org", "https://example.org", UnfitDomain::NotAName),
            ("https://id.example.org", "app.id.example.org", UnfitDomain::NotAParent),
        ] {
            assert_eq!(of(public_url, Some(id)), Err(unfit), "{public_url} {id}");
        }
    }

    #[test]
    fn related_origins_may_use_the_passkeys_too() {
        let related = WebOrigins::parse("https://app.example.net").unwrap();
        let party = RelyingParty::of("https://example.org", None, related).unwrap().unwrap();
        assert_eq!(party.origins(), ["https://example.org", "https://app.example.net"]);
    }
}
