//! `GET /protected`: greets the signed-in user.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::server::flows::{self, CurrentUser};
use crate::server::state::AppState;

#[derive(Serialize)]
pub struct ProtectedAnswer {
    message: String,
}

pub async fn protected(State(state): State<AppState>, user: CurrentUser) -> Json<ProtectedAnswer> {
    let greeting = flows::greeting(&state, &user);
    Json(ProtectedAnswer { message: greeting.message })
}
