//! `/forward-auth`, with any method: tells a proxy who sends a request to an application (contract, section 11.2).
//!
//! A proxy asks before it passes a request on. 2xx lets it pass; the proxy gives anything else to the client.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use crate::api_types::ApiError;
use crate::app::next::{MAX_BYTES, form_address};
use crate::server::domain::audience_token::Holder;
use crate::server::domain::methods::Assurance;
use crate::server::domain::step_up::StepUp;
use crate::server::flows::{self, AuthenticateError, CurrentUser};
use crate::server::http::error::HttpError;
use crate::server::http::guard::asks_for_a_page;
use crate::server::http::original::Original;
use crate::server::http::visit::Visit;
use crate::server::state::AppState;

const REMOTE_USER: HeaderName = HeaderName::from_static("remote-user");
const REMOTE_GROUPS: HeaderName = HeaderName::from_static("remote-groups");
const REMOTE_SUBJECT: HeaderName = HeaderName::from_static("remote-subject");

/// What an operator's role must not bring into the list.
const IN_LIST: &AsciiSet = &CONTROLS.add(b',').add(b'%');

/// Where a user adds a second factor.
const ENROLMENT: &str = "/account";

/// The query of a proxy.
#[derive(Default)]
struct Asked {
    /// nginx cannot pass on a redirect.
    without_redirect: bool,
    /// The application gets a token of its own.
    audience: Option<String>,
    /// What the application demands of the sign-in (RFC 9470).
    step_up: StepUp,
}

pub async fn forward_auth(State(state): State<AppState>, mut request: Request) -> Result<Response, HttpError> {
    let visit = Visit::of(&mut request);
    let (peer, judged) = (visit.peer, visit.at_gate.take().unwrap_or(Err(AuthenticateError::Missing)));
    let asked = Asked::read(request.uri().query())?;
    let original = Original::of(&state, peer, request.method(), request.headers())?;
    let leads = !asked.without_redirect && original.reads && asks_for_a_page(request.headers());
    match judged {
        Ok(user) if flows::require_enrolment(&state, &user).is_err() => {
            if leads {
                Ok(enrolment(&state))
            } else {
                Err(ApiError::SecondFactorEnrolmentRequired.into())
            }
        }
        Ok(user) => match flows::require_step_up(&state, &user, asked.step_up) {
            Ok(()) => let_in(&state, &user, asked.audience.as_deref()).await,
            Err(_) if leads && asked.step_up.lacks_factors(user.methods) => Ok(enrolment(&state)),
            Err(_) if leads => {
                let address = original.address.ok_or(ApiError::OriginNotListed)?;
                Ok((StatusCode::FOUND, [(LOCATION, sign_in(&state, &address))]).into_response())
            }
            Err(refused) => Err(refused.into()),
        },
        // Nobody knows: signing in again would not help.
        Err(unknown @ (AuthenticateError::Unknown | AuthenticateError::TooLarge)) => Err(unknown.into()),
        Err(_) if leads => {
            let address = original.address.ok_or(ApiError::OriginNotListed)?;
            Ok((StatusCode::FOUND, [(LOCATION, sign_in(&state, &address))]).into_response())
        }
        Err(refused) => Err(refused.into()),
    }
}

impl Asked {
    fn read(query: Option<&str>) -> Result<Self, ApiError> {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match (name.as_ref(), value.as_ref()) {
                ("redirect", "no") => asked.without_redirect = true,
                ("acr_values", values) if asked.step_up.assurance.is_none() => {
                    // Any of them will do (OpenID Connect Core, section 3.1.2.1), so the lowest decides.
                    let known = values.split(' ').map(Assurance::find).collect::<Option<Vec<_>>>();
                    asked.step_up.assurance =
                        Some(known.and_then(|known| known.into_iter().min()).ok_or(ApiError::InvalidRequest)?);
                }
                ("max_age", seconds) if asked.step_up.max_age.is_none() => {
                    let seconds: u32 = seconds.parse().map_err(|_| ApiError::InvalidRequest)?;
                    asked.step_up.max_age = Some(Duration::from_secs(seconds.into()));
                }
                ("audience", name) if asked.audience.is_none() => asked.audience = Some(name.to_owned()),
                // A proxy that asks for more than there is must not be told yes.
                _ => return Err(ApiError::InvalidRequest),
            }
        }
        Ok(asked)
    }
}

/// All headers are there, also an empty one: the proxy then replaces what the client has sent.
async fn let_in(state: &AppState, user: &CurrentUser, audience: Option<&str>) -> Result<Response, HttpError> {
    let authorization = match audience {
        Some(name) => {
            let stamp = flows::stamp_for(state, &Holder::from(&**user), name, None).await?;
            Some((AUTHORIZATION, value(&format!("Bearer {}", stamp.access_token))?))
        }
        None => None,
    };
    let groups: Vec<_> = user.roles.iter().map(|role| utf8_percent_encode(role, IN_LIST).to_string()).collect();
    let headers = [
        (REMOTE_USER, value(&user.username)?),
        (REMOTE_GROUPS, value(&groups.join(","))?),
        (REMOTE_SUBJECT, value(&user.user_id.to_string())?),
    ];
    Ok((StatusCode::OK, headers, AppendHeaders(authorization)).into_response())
}

/// Leads to where a user adds a second factor.
fn enrolment(state: &AppState) -> Response {
    (StatusCode::FOUND, [(LOCATION, format!("{}{ENROLMENT}", state.config.public_url))]).into_response()
}

/// A name can have letters beyond ASCII, which go as UTF-8.
fn value(text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| ApiError::Internal)
}

/// The address of the form. If it cannot lead back to a very long address, it leads to the beginning of the application.
fn sign_in(state: &AppState, address: &Url) -> String {
    let origin = address.origin().ascii_serialization();
    let next = if address.as_str().len() > MAX_BYTES { origin + "/" } else { address.as_str().to_owned() };
    state.config.public_url.clone() + &form_address("/login", Some(&next))
}
