//! Checks a token for someone else: another service that introspects it, or an operator at the command line.

use std::sync::Arc;

use super::authenticate::{AuthenticateError, verify_unrevoked};
use crate::server::domain::accepted_token::AcceptedToken;
use crate::server::domain::access_token::Expiry;
use crate::server::domain::refused::Check;
use crate::server::state::AppState;

/// Why a protected door would not accept a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InspectError {
    /// The first check that fails.
    Bad(Check),
    /// The store has not answered lately, so the session may have ended.
    Unknown,
}

/// Returns the token, if a protected door would accept it now.
///
/// # Errors
/// [`InspectError`].
pub fn inspect_token(state: &AppState, token: &str) -> Result<Arc<AcceptedToken>, InspectError> {
    verify_unrevoked(state, token, Expiry::Judged).map_err(|refused| match refused {
        AuthenticateError::Refused(refused) => InspectError::Bad(refused.0),
        AuthenticateError::Revoked => InspectError::Bad(Check::Revocation),
        AuthenticateError::TooLarge => InspectError::Bad(Check::Length),
        AuthenticateError::Missing | AuthenticateError::BadHeader => InspectError::Bad(Check::Parts),
        AuthenticateError::Unknown => InspectError::Unknown,
    })
}
