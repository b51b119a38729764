//! What is known about a request, in one struct. The listener begins it, and the guard adds who calls. It goes along in the
//! request's extensions, where extractors and server functions find it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use axum::extract::Request;
use axum::http::Extensions;

use crate::server::flows::{AuthenticateError, CurrentUser, EndingSession};

/// A request, as far as it is known.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The address at the other end of the connection.
    pub peer: IpAddr,
    /// When the header was read, so that times include waiting.
    pub arrived: Instant,
    /// The user whom the guard let in.
    pub user: Option<CurrentUser>,
    /// The session that the caller may end.
    pub ending: Option<EndingSession>,
    /// Who the caller is at the gate, or why nobody is known.
    pub at_gate: Option<Result<CurrentUser, AuthenticateError>>,
}

impl Visit {
    /// Begins when a header has been read.
    #[must_use]
    pub fn begin(peer: IpAddr) -> Self {
        Self { peer, arrived: Instant::now(), user: None, ending: None, at_gate: None }
    }

    /// Returns that of a request. One that came over no connection has an address that nobody trusts.
    pub fn of(request: &mut Request) -> &mut Self {
        request.extensions_mut().get_or_insert_with(|| Self::begin(Ipv4Addr::UNSPECIFIED.into()))
    }

    /// Returns that of a request whose head is left.
    pub fn find(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }
}
