//! Who is calling, when it is another service: HTTP Basic with the client's name and secret (RFC 6749, section 2.3.1).

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use headers::authorization::{Basic, Credentials as _};
use headers::{Authorization, HeaderMapExt as _};

use crate::api_types::ApiError;
use crate::server::domain::client::ClientName;
use crate::server::flows::authenticate_client;
use crate::server::state::AppState;

/// The client that sent these headers.
///
/// # Errors
/// `invalid_client` where none did, or with a wrong secret: the same answer.
pub async fn client_of(state: &AppState, headers: &HeaderMap) -> Result<ClientName, ApiError> {
    let Some(Authorization(basic)) = headers.typed_get::<Authorization<Basic>>() else {
        return Err(ApiError::InvalidClient);
    };
    let secret = basic.password().into();
    authenticate_client(state, basic.username(), &secret).await?.ok_or(ApiError::InvalidClient)
}

/// Whether the headers name a client at all, rightly or wrongly.
pub fn names_a_client(headers: &HeaderMap) -> bool {
    let scheme = |value: &axum::http::HeaderValue| {
        value
            .as_bytes()
            .get(..Basic::SCHEME.len())
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(Basic::SCHEME.as_bytes()))
    };
    headers.get_all(AUTHORIZATION).iter().any(scheme)
}
