//! The request to an application about which a proxy asks: its address and its method, from the headers of the proxy.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, Method};
use url::Url;

use super::visitor::warn_of_stranger;
use crate::api_types::ApiError;
use crate::server::state::AppState;

const ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const METHODS: [&str; 2] = ["x-forwarded-method", "x-original-method"];

/// The original request.
pub struct Original {
    /// None if the proxy did not say, or is not one of ours. Its origin is listed.
    pub address: Option<Url>,
    /// That of this request, if the proxy did not say.
    pub reads: bool,
}

impl Original {
    /// Reads the headers. Those of a sender that is not in `TRUSTED_PROXIES` are ignored.
    ///
    /// A client may forge the headers of the one form if the proxy writes those of the other. So every address counts.
    ///
    /// # Errors
    /// `origin_not_listed` if an address is of another origin, or is none.
    pub fn of(state: &AppState, peer: IpAddr, method: &Method, headers: &HeaderMap) -> Result<Self, ApiError> {
        let (whole, host) = (one(headers, &ORIGINAL_URL)?, one(headers, &FORWARDED_HOST)?);
        if !state.config.trusted_proxies.contains(peer) {
            if whole.is_some() || host.is_some() {
                warn_of_stranger(peer, "X-Original-URL and X-Forwarded-Host");
            }
            return Ok(Self { address: None, reads: *method == Method::GET });
        }
        let mut addresses = Vec::with_capacity(1);
        if let Some(whole) = whole {
            addresses.push(state.config.gate.listed(whole));
        }
        if let Some(host) = host {
            let scheme = one(headers, &FORWARDED_PROTO)?.unwrap_or_default();
            let uri = one(headers, &FORWARDED_URI)?.unwrap_or("/");
            addresses.push(state.config.gate.listed_parts(scheme, host, uri));
        }
        let addresses: Option<Vec<Url>> = addresses.into_iter().collect();
        let address = addresses.ok_or(ApiError::OriginNotListed)?.into_iter().next();
        let mut methods = METHODS.into_iter().flat_map(|name| headers.get_all(name)).peekable();
        let reads = if methods.peek().is_some() { methods.all(|said| said == "GET") } else { *method == Method::GET };
        Ok(Self { address, reads })
    }
}

/// Returns the header, if it is there. If it is there twice, nobody knows which of them counts.
fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, ApiError> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), another) = (values.next(), values.next()) else { return Ok(None) };
    let text = std::str::from_utf8(value.as_bytes()).ok().filter(|_| another.is_none());
    text.map(Some).ok_or(ApiError::OriginNotListed)
}
