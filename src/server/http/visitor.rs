//! Where a request comes from: what a session remembers of its device for its owner to recognise, and what the throttle
//! counts under. Both go by one address: that of the visitor, whatever proxies stand between.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Once;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use tracing::warn;

use super::context::{app_state, parts};
use super::cookies::device_cookie;
use super::error::HttpError;
use crate::api_types::ApiError;
use crate::server::domain::device::{device_name, shortened};
use crate::server::domain::session::Origin;
use crate::server::flows::Visitor;
use crate::server::state::AppState;

/// The address at the other end of the connection. `listener.rs` puts it into every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl<S: Sync> FromRequestParts<S> for Origin
where
    AppState: FromRef<S>,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        Ok(origin_of(&AppState::from_ref(state), parts))
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor
where
    AppState: FromRef<S>,
{
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        Ok(visitor_of(&AppState::from_ref(state), parts))
    }
}

/// Where the call of a server function comes from.
///
/// # Errors
/// `internal` outside a request.
pub fn origin() -> Result<Origin, ApiError> {
    Ok(origin_of(&app_state()?, &parts()?))
}

/// Who calls a server function that asks for a password.
///
/// # Errors
/// `internal` outside a request.
pub fn visitor() -> Result<Visitor, ApiError> {
    Ok(visitor_of(&app_state()?, &parts()?))
}

/// Device and address of whoever sent this.
pub fn origin_of(state: &AppState, parts: &Parts) -> Origin {
    let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Origin { device: device_name(user_agent), address: shortened(address(state, parts)) }
}

/// Whoever sent this, for the throttle.
pub fn visitor_of(state: &AppState, parts: &Parts) -> Visitor {
    let known_device = device_cookie(state, &parts.headers);
    Visitor { origin: origin_of(state, parts), address: address(state, parts), known_device }
}

/// The visitor's address.
fn address(state: &AppState, parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<Peer>().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
    let trusted = &state.config.trusted_proxies;
    let forwarded = parts.headers.get_all(FORWARDED_FOR);
    if forwarded.iter().next().is_some() && !trusted.contains(peer) {
        warn_of_stranger(peer);
    }
    trusted.visitor(peer, forwarded.iter().map(HeaderValue::as_bytes))
}

/// Once: either a proxy was forgotten in the settings, or somebody tries what we believe.
fn warn_of_stranger(peer: IpAddr) {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        warn!(%peer, "Ignored X-Forwarded-For: if this is your proxy, put its address into TRUSTED_PROXIES");
    });
}
