//! Where a request comes from: the device that a session shows to its owner, and the address that the throttle counts.
//! Both use one address: that of the visitor, whatever proxies are in between.

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
use super::visit::Visit;
use crate::api_types::ApiError;
use crate::server::domain::device::{device_name, shortened};
use crate::server::domain::session::Origin;
use crate::server::flows::Visitor;
use crate::server::state::AppState;

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

/// Returns where the call of a server function comes from.
///
/// # Errors
/// `internal` outside a request.
pub fn origin() -> Result<Origin, ApiError> {
    Ok(origin_of(&app_state()?, &parts()?))
}

/// Returns the caller of a server function that takes a password.
///
/// # Errors
/// `internal` outside a request.
pub fn visitor() -> Result<Visitor, ApiError> {
    Ok(visitor_of(&app_state()?, &parts()?))
}

/// Returns the device and the address of the sender.
pub fn origin_of(state: &AppState, parts: &Parts) -> Origin {
    let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Origin { device: device_name(user_agent), address: shortened(address(state, parts)) }
}

/// Returns the sender, for the throttle.
pub fn visitor_of(state: &AppState, parts: &Parts) -> Visitor {
    let known_device = device_cookie(state, &parts.headers);
    Visitor { origin: origin_of(state, parts), address: address(state, parts), known_device }
}

/// Returns the visitor's address.
fn address(state: &AppState, parts: &Parts) -> IpAddr {
    let peer = Visit::find(&parts.extensions).map_or(Ipv4Addr::UNSPECIFIED.into(), |visit| visit.peer);
    let trusted = &state.config.trusted_proxies;
    let forwarded = parts.headers.get_all(FORWARDED_FOR);
    if forwarded.iter().next().is_some() && !trusted.contains(peer) {
        warn_of_stranger(peer, "X-Forwarded-For");
    }
    trusted.visitor(peer, forwarded.iter().map(HeaderValue::as_bytes))
}

/// Logged once: either the settings lack a proxy, or a client sends a false header.
pub fn warn_of_stranger(peer: IpAddr, headers: &str) {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        warn!(%peer, "Ignored {headers}: if this is your proxy, put its address into TRUSTED_PROXIES");
    });
}
