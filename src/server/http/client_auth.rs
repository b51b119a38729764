//! The client that calls, if it is another service: HTTP Basic with the client's name and secret (RFC 6749, section 2.3.1).

use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};

use super::current_user::authorization_headers;
use crate::api_types::ApiError;
use crate::server::domain::authorization::Authorization;
use crate::server::domain::client::ClientName;
use crate::server::flows::authenticate_client;
use crate::server::state::AppState;

const SCHEME: &str = "Basic";

/// Returns the client that sent these headers.
///
/// # Errors
/// `invalid_client` if the headers name no client, and if the secret is wrong: the same answer.
pub async fn client_of(state: &AppState, headers: &HeaderMap) -> Result<ClientName, ApiError> {
    let (name, secret) = name_and_secret(headers).ok_or(ApiError::InvalidClient)?;
    authenticate_client(state, &name, &secret).await?.ok_or(ApiError::InvalidClient)
}

/// Returns whether the headers name a client, with a right or a wrong secret.
pub fn names_a_client(headers: &HeaderMap) -> bool {
    authorization_headers(headers).any(|header| Authorization::of(header).is_of(SCHEME))
}

fn name_and_secret(headers: &HeaderMap) -> Option<(String, SecretString)> {
    let header = Authorization::only(authorization_headers(headers)).ok().filter(|header| header.is_of(SCHEME))?;
    let joined: SecretString = String::from_utf8(STANDARD.decode(header.credentials).ok()?).ok()?.into();
    let (name, secret) = joined.expose_secret().split_once(':')?;
    Some((form_decoded(name)?, form_decoded(secret)?.into()))
}

/// RFC 6749 requires form encoding of both parts before they are joined. It changes none of our names and secrets, but some
/// clients encode more than they must. A `+` would be a space, and no name or secret has one.
fn form_decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}
