//! `GET /protected`: greets the signed-in user.

use serde::Serialize;

use crate::server::flows::{self, CurrentUser};
use crate::server::http::json::Json;

#[derive(Serialize)]
pub struct ProtectedAnswer {
    message: String,
}

pub async fn protected(user: CurrentUser) -> Json<ProtectedAnswer> {
    Json(ProtectedAnswer { message: flows::greeting_text(&user) })
}
