//! Who is calling, when it is another service: HTTP Basic with the client's name and secret (RFC 6749, section 2.3.1).

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

/// The client that sent these headers.
///
/// # Errors
/// `invalid_client` where none did, or with a wrong secret: the same answer.
pub async fn client_of(state: &AppState, headers: &HeaderMap) -> Result<ClientName, ApiError> {
    let (name, secret) = name_and_secret(headers).ok_or(ApiError::InvalidClient)?;
    authenticate_client(state, &name, &secret).await?.ok_or(ApiError::InvalidClient)
}

/// Whether the headers name a client at all, rightly or wrongly.
pub fn names_a_client(headers: &HeaderMap) -> bool {
    authorization_headers(headers).any(|header| Authorization::of(header).is_of(SCHEME))
}

fn name_and_secret(headers: &HeaderMap) -> Option<(String, SecretString)> {
    let header = Authorization::only(authorization_headers(headers)).ok().filter(|header| header.is_of(SCHEME))?;
    let joined: SecretString = String::from_utf8(STANDARD.decode(header.credentials).ok()?).ok()?.into();
    let (name, secret) = joined.expose_secret().split_once(':')?;
    Some((form_decoded(name)?, form_decoded(secret)?.into()))
}

/// RFC 6749 has both encoded as in a form before they are joined. None of ours changes by that, but some clients encode
/// more than they must. A `+`, which would be a space, is in no name and no secret.
fn form_decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}
