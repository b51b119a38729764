//! `/passkeys`: the user's own passkeys. A browser makes one in two steps: `POST /passkeys/options` asks it, `POST /passkeys`
//! takes its answer.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::api_types::PasskeySummary;
use crate::server::domain::challenge::{ChallengeId, LIFETIME};
use crate::server::domain::session::Origin;
use crate::server::flows::{self, CurrentUser, NewPasskey, PasskeyAsked};
use crate::server::http::current_user::FreshUser;
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::http::machine_doors::LastPart;
use crate::server::state::AppState;

/// A question to the browser. No `Debug`: it contains a challenge.
#[derive(Serialize)]
pub struct AskedAnswer {
    /// Comes back with the answer.
    challenge: String,
    /// Seconds from now.
    expires_in: u64,
    /// For `navigator.credentials`, as WebAuthn writes it in JSON.
    options: Value,
}

/// The answer of the browser, as WebAuthn writes it in JSON: an object; in a form its text.
pub struct PasskeyInput(String);

/// No `Debug`.
#[derive(Deserialize)]
pub struct NewPasskeyRequest {
    challenge: String,
    passkey: PasskeyInput,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
pub struct RenameRequest {
    name: String,
}

#[derive(Serialize)]
pub struct DoneAnswer {
    msg: &'static str,
}

pub async fn ask(State(state): State<AppState>, user: FreshUser) -> Result<Json<AskedAnswer>, HttpError> {
    Ok(Json(flows::ask_for_new_passkey(&state, &user, false, None).await?.into()))
}

pub async fn add(
    State(state): State<AppState>,
    user: FreshUser,
    origin: Origin,
    FormOrJson(request): FormOrJson<NewPasskeyRequest>,
) -> Result<(StatusCode, Json<PasskeySummary>), HttpError> {
    let challenge = ChallengeId::from_client(&request.challenge);
    let new = NewPasskey { challenge, answer: request.passkey.text(), name: &request.name };
    let passkey = flows::add_passkey(&state, &user, new, None, origin).await?;
    Ok((StatusCode::CREATED, Json(passkey.into())))
}

pub async fn list(State(state): State<AppState>, user: CurrentUser) -> Result<Json<Vec<PasskeySummary>>, HttpError> {
    let passkeys = flows::list_passkeys(&state, &user).await?;
    Ok(Json(passkeys.into_iter().map(PasskeySummary::from).collect()))
}

pub async fn rename(
    State(state): State<AppState>,
    user: CurrentUser,
    LastPart(id): LastPart,
    FormOrJson(request): FormOrJson<RenameRequest>,
) -> Result<Json<DoneAnswer>, HttpError> {
    flows::rename_passkey(&state, &user, &id, &request.name).await?;
    Ok(Json(DoneAnswer { msg: "Passkey renamed" }))
}

pub async fn remove(
    State(state): State<AppState>,
    user: FreshUser,
    origin: Origin,
    LastPart(id): LastPart,
) -> Result<Json<DoneAnswer>, HttpError> {
    flows::remove_passkey(&state, &user, &id, origin).await?;
    Ok(Json(DoneAnswer { msg: "Passkey removed" }))
}

impl PasskeyInput {
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl From<PasskeyAsked> for AskedAnswer {
    fn from(asked: PasskeyAsked) -> Self {
        let challenge = asked.challenge.expose().to_owned();
        Self { challenge, expires_in: LIFETIME.as_secs(), options: asked.options }
    }
}

impl<'de> Deserialize<'de> for PasskeyInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Sent {
            Json(Map<String, Value>),
            Form(String),
        }
        Ok(match Sent::deserialize(deserializer)? {
            Sent::Json(object) => Self(Value::Object(object).to_string()),
            Sent::Form(text) => Self(text),
        })
    }
}
