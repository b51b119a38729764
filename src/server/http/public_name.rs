//! Leads a browser from `127.0.0.1` to `localhost`, if that is the public name: a passkey needs a name, and cookies and
//! tokens are kept for each host separately.
//!
//! Only documents: programs and health checks go on working at the address.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{HOST, LOCATION};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::guard::asks_for_a_page;
use crate::server::state::AppState;

/// Returns the answer that leads to the same page at the public name.
pub fn lead_to_name(state: &AppState, request: &Request) -> Option<Response> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let host = request.headers().get(HOST)?.to_str().ok()?;
    let public = &state.config.public_url;
    if !reads || !asks_for_a_page(request.headers()) || !is_its_address(public, host) {
        return None;
    }
    // The browser keeps what is behind the `#`: the code of a setup link.
    let page = request.uri().path_and_query().map_or("/", |page| page.as_str());
    Some((StatusCode::TEMPORARY_REDIRECT, [(LOCATION, format!("{public}{page}"))]).into_response())
}

/// Returns whether `public_url` is a port of `localhost`, and `host` is the same port of this machine as an address. Another
/// port is another way to this server, a tunnel perhaps: the name may not lead here.
fn is_its_address(public_url: &str, host: &str) -> bool {
    let port = public_url.strip_prefix("http://localhost").filter(|port| port.is_empty() || port.starts_with(':'));
    let address = port.and_then(|port| host.strip_suffix(port));
    let address = address.map(|address| address.trim_matches(['[', ']']).parse::<IpAddr>());
    address.is_some_and(|address| address.is_ok_and(|address| address.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::is_its_address;

    #[test]
    fn only_the_same_port_of_this_machine_leads_to_localhost() {
        for (public_url, host, leads) in [
            ("http://localhost:3000", "127.0.0.1:3000", true),
            ("http://localhost:3000", "127.0.0.2:3000", true),
            ("http://localhost:3000", "[::1]:3000", true),
            ("http://localhost", "127.0.0.1", true),
            ("http://localhost:3000", "localhost:3000", false),
            ("http://localhost:3000", "127.0.0.1:8080", false),
            ("http://localhost:3000", "127.0.0.1", false),
            ("http://localhost", "127.0.0.1:3000", false),
            ("http://localhost:3000", "192.0.2.1:3000", false),
            ("http://localhost:3000", "127.0.0.1.evil.example:3000", false),
            ("http://localhost:3000", ":3000", false),
            ("http://localhost.example.org", "127.0.0.1.example.org", false),
            ("http://127.0.0.1:3000", "127.0.0.1:3000", false),
            ("https://id.example.org", "127.0.0.1:3000", false),
            ("https://localhost:3000", "127.0.0.1:3000", false),
        ] {
            assert_eq!(is_its_address(public_url, host), leads, "{public_url} {host}");
        }
    }
}
