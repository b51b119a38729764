//! `POST /token`: the token endpoint of OAuth 2.0. It exchanges an access token for one that another audience accepts (RFC
//! 8693), and refreshes, for clients that know only RFC 6749.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::TokensAnswer;
use crate::api_types::{ApiError, TokenType};
use crate::server::flows::{self, Receiver};
use crate::server::http::client_auth::{client_of, names_a_client};
use crate::server::http::form_or_json::BodyType;
use crate::server::http::json::Json;
use crate::server::http::token_error::TokenError;
use crate::server::state::AppState;

pub const REFRESH: &str = "refresh_token";
pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Our access tokens are JWTs, so a client that asks for one gets the same.
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// RFC 8693, section 2.2.1.
#[derive(Serialize)]
struct Exchanged<'s> {
    access_token: String,
    issued_token_type: &'s str,
    token_type: TokenType,
    /// Seconds from now.
    expires_in: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'s str,
}

pub async fn token(State(state): State<AppState>, request: Request) -> Result<Response, TokenError> {
    if names_a_client(request.headers()) {
        client_of(&state, request.headers()).await?;
    }
    if BodyType::of(&request) != Some(BodyType::Form) {
        return Err(ApiError::UnsupportedMediaType.into());
    }
    let body = Bytes::from_request(request, &()).await.unwrap_or_default();
    let form = Form::of(&body);
    match form.required("grant_type")? {
        REFRESH => refresh(&state, &form).await,
        EXCHANGE => exchange(&state, &form).await,
        _ => Err(ApiError::UnsupportedGrantType.into()),
    }
}

/// As `/refresh`, except for the form of the errors.
async fn refresh(state: &AppState, form: &Form) -> Result<Response, TokenError> {
    let tokens = flows::refresh(state, form.required("refresh_token")?, Receiver::Machine).await;
    let tokens = tokens.map_err(TokenError::of_refresh)?;
    Ok(Json(TokensAnswer::from(tokens)).into_response())
}

async fn exchange(state: &AppState, form: &Form) -> Result<Response, TokenError> {
    let subject_token = form.required("subject_token")?;
    let requested = form.optional("requested_token_type")?.unwrap_or(ACCESS_TOKEN);
    // We issue no other kind of token, and no token that names a second party who acts for the user.
    let fits = form.required("subject_token_type")? == ACCESS_TOKEN
        && [ACCESS_TOKEN, JWT].contains(&requested)
        && form.optional("actor_token")?.is_none();
    if !fits {
        return Err(ApiError::InvalidRequest.into());
    }
    // RFC 8693 allows several targets. A token of ours has one, and we know audiences by name, not by address.
    let mut audiences = form.all("audience");
    let audience = audiences.next().ok_or(ApiError::InvalidRequest)?;
    if audiences.next().is_some() || form.all("resource").next().is_some() {
        return Err(ApiError::InvalidTarget.into());
    }
    let stamp = flows::exchange(state, subject_token, audience, form.optional("scope")?).await;
    let stamp = stamp.map_err(TokenError::of_exchange)?;
    let exchanged = Exchanged {
        access_token: stamp.access_token,
        issued_token_type: requested,
        token_type: TokenType::Bearer,
        expires_in: stamp.expires_in,
        scope: stamp.scope.as_str(),
    };
    Ok(Json(exchanged).into_response())
}

/// The parameters. One without a value counts as omitted, and unknown ones are ignored (RFC 6749, section 3.2).
struct Form(Vec<(String, String)>);

impl Form {
    fn of(body: &[u8]) -> Self {
        let given = form_urlencoded::parse(body).filter(|(_, value)| !value.is_empty());
        Self(given.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A parameter must not come twice.
    fn optional(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut given = self.all(name);
        match (given.next(), given.next()) {
            (value, None) => Ok(value),
            _ => Err(ApiError::InvalidRequest),
        }
    }

    fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.optional(name)?.ok_or(ApiError::InvalidRequest)
    }
}
