//! Checks a token for someone else: another service that introspects it, or an operator at the command line.

use std::sync::Arc;

use super::authenticate::{AuthenticateError, verify_unrevoked};
use crate::server::domain::accepted_token::AcceptedToken;
use crate::server::domain::access_token::Expiry;
use crate::server::domain::refused::Check;
use crate::server::state::AppState;

/// Returns the token, if a protected door would accept it now.
///
/// # Errors
/// The first check that fails.
pub fn inspect_token(state: &AppState, token: &str) -> Result<Arc<AcceptedToken>, Check> {
    verify_unrevoked(state, token, Expiry::Judged).map_err(|refused| match refused {
        AuthenticateError::Refused(refused) => refused.0,
        AuthenticateError::Revoked => Check::Revocation,
        AuthenticateError::TooLarge => Check::Length,
        AuthenticateError::Missing | AuthenticateError::BadHeader => Check::Parts,
    })
}
