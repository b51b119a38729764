//! Whether a request comes from the operator: from this machine itself, or with `METRICS_TOKEN`.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, HOST, HeaderName, VIA};
use tracing::info;

use super::current_user::authorization_headers;
use crate::server::config::is_loopback;
use crate::server::flows::bearer_token;
use crate::server::state::AppState;

/// Headers that proxies add. Behind a proxy on this machine, every request comes from this machine.
const OF_PROXIES: [HeaderName; 6] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// Returns whether it does.
pub fn is_operator(state: &AppState, peer: IpAddr, headers: &HeaderMap) -> bool {
    is_from_here(peer, headers) || shows_the_token(state, headers)
}

/// Returns whether the request comes straight from this machine and names it as its host. The page of an attacker in a
/// browser here can use a host name that leads to this machine, but then the request has that name.
fn is_from_here(peer: IpAddr, headers: &HeaderMap) -> bool {
    let peer = peer.to_canonical().is_loopback();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).is_some_and(is_loopback);
    peer && host && !OF_PROXIES.iter().any(|name| headers.contains_key(name))
}

fn shows_the_token(state: &AppState, headers: &HeaderMap) -> bool {
    let Ok(shown) = bearer_token(authorization_headers(headers)) else { return false };
    let right = state.config.metrics_token.as_ref().is_some_and(|token| token.is(shown));
    if !right {
        // The answer says nothing; this log line tells the operator.
        info!("Refused to show the metrics: the token is not METRICS_TOKEN");
    }
    right
}
