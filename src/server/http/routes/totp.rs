//! `/totp`: sets up an authenticator app, and removes it.

use axum::extract::State;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::recovery_codes::RecoveryCodesAnswer;
use crate::api_types::{BegunTotpAnswer, PasswordInput};
use crate::server::domain::session::Origin;
use crate::server::flows::{self, BegunTotp};
use crate::server::http::current_user::FreshUser;
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::http::json::Json;
use crate::server::state::AppState;

/// A code of the app. No `Debug`.
#[derive(Deserialize)]
pub struct CodeRequest {
    #[serde(default)]
    code: PasswordInput,
}

#[derive(Serialize)]
pub struct RemovedAnswer {
    msg: &'static str,
}

pub async fn begin(State(state): State<AppState>, user: FreshUser) -> Result<Json<BegunTotpAnswer>, HttpError> {
    Ok(Json(flows::begin_totp(&state, &user).await?.into()))
}

pub async fn confirm(
    State(state): State<AppState>,
    user: FreshUser,
    origin: Origin,
    FormOrJson(request): FormOrJson<CodeRequest>,
) -> Result<Json<RecoveryCodesAnswer>, HttpError> {
    let codes = flows::confirm_totp(&state, &user, &request.code.into(), origin).await?;
    Ok(Json(RecoveryCodesAnswer::of(&codes)))
}

pub async fn remove(
    State(state): State<AppState>,
    user: FreshUser,
    origin: Origin,
) -> Result<Json<RemovedAnswer>, HttpError> {
    flows::remove_totp(&state, &user, origin).await?;
    Ok(Json(RemovedAnswer { msg: "Authenticator app removed" }))
}

impl From<BegunTotp> for BegunTotpAnswer {
    fn from(begun: BegunTotp) -> Self {
        let [secret, uri, svg] = [begun.secret, begun.uri, begun.svg].map(|text| text.expose_secret().to_owned());
        Self { secret, uri, svg }
    }
}
