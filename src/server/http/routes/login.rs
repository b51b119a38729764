//! `POST /login`: a form or JSON for an access token.

use axum::Json;
use axum::extract::State;

use super::CredentialsRequest;
use crate::api_types::SignedInAnswer;
use crate::server::flows;
use crate::server::http::error::HttpError;
use crate::server::http::form_or_json::FormOrJson;
use crate::server::state::AppState;

pub async fn login(
    State(state): State<AppState>,
    FormOrJson(request): FormOrJson<CredentialsRequest>,
) -> Result<Json<SignedInAnswer>, HttpError> {
    let signed_in = flows::login(&state, &request.username, request.password.into()).await?;
    Ok(Json(signed_in.into()))
}
