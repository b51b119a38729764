//! The doors of the second tutorial: sign a token, verify a token. They have their own key, which opens nothing real.

use serde_json::{Map, Value};

use super::authenticate::{AuthenticateError, bearer_token};
use crate::server::domain::lesson::LessonError;
use crate::server::state::AppState;

/// Why a token of the lesson was rejected: because of the header, or of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LessonRefused {
    #[error("{0}")]
    Header(AuthenticateError),
    #[error(transparent)]
    Token(#[from] LessonError),
}

/// Signs the mock user.
///
/// # Errors
/// If the signing library fails.
pub fn sign_lesson_token(state: &AppState) -> Result<String, jsonwebtoken::errors::Error> {
    state.lesson_key.sign()
}

/// Returns the claims of the token in these `Authorization` headers, if the lesson's key signed it.
///
/// # Errors
/// [`LessonRefused`].
pub fn verify_lesson_token<'h>(
    state: &AppState,
    headers: impl IntoIterator<Item = &'h [u8]>,
) -> Result<Map<String, Value>, LessonRefused> {
    let token = bearer_token(headers).map_err(LessonRefused::Header)?;
    Ok(state.lesson_key.verify(token, state.world.now())?)
}
