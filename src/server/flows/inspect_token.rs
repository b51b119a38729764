//! Checks a token for someone else: another service that introspects it, or an operator at the command line.

use std::sync::Arc;

use super::authenticate::{AuthenticateError, check_unrevoked, verify_unrevoked};
use super::manage_audiences::known_audiences;
use crate::server::domain::accepted_token::AcceptedToken;
use crate::server::domain::access_token::Expiry;
use crate::server::domain::audience_token::AudienceToken;
use crate::server::domain::refused::Check;
use crate::server::state::AppState;

/// Why a protected door would not accept a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InspectError {
    /// The first check that fails.
    Bad(Check),
    /// The store does not answer, or has not lately, so the session may have ended.
    Unknown,
}

/// A token that is good: one of our own, or one for another audience.
pub enum Inspected {
    Own(Arc<AcceptedToken>),
    ForOther(Box<AudienceToken>),
}

/// Returns the token, if a protected door would accept it now.
///
/// # Errors
/// [`InspectError`].
pub fn inspect_token(state: &AppState, token: &str) -> Result<Arc<AcceptedToken>, InspectError> {
    Ok(verify_unrevoked(state, token, Expiry::Judged)?)
}

/// Returns the token, if a protected door would accept it now, or if it is for another audience and has the form that this
/// audience has now. If that audience was removed, the token is bad here within a second. Services that verify by themselves
/// accept it until it expires.
///
/// # Errors
/// [`InspectError`].
pub async fn introspect_token(state: &AppState, token: &str) -> Result<Inspected, InspectError> {
    match inspect_token(state, token) {
        Ok(own) => Ok(Inspected::Own(own)),
        // What our own rules say of a token whose `typ`, `sub` or `aud` is as another audience wants it.
        Err(InspectError::Bad(Check::Type | Check::Claims | Check::Audience)) => {
            let now = state.world.now();
            let verified = state.token_rules.verify_for_other(&state.keys.load(), token, now, Expiry::Judged);
            let other = verified.map_err(|refused| InspectError::Bad(refused.0))?;
            check_unrevoked(state, other.session_id, other.token_id, other.times.expires_at)?;
            let audiences = known_audiences(state).await.map_err(|_| InspectError::Unknown)?;
            if !audiences.iter().any(|audience| other.is_for(audience)) {
                return Err(InspectError::Bad(Check::Audience));
            }
            Ok(Inspected::ForOther(Box::new(other)))
        }
        Err(refused) => Err(refused),
    }
}

impl From<AuthenticateError> for InspectError {
    fn from(refused: AuthenticateError) -> Self {
        match refused {
            AuthenticateError::Refused(refused) => Self::Bad(refused.0),
            AuthenticateError::Revoked => Self::Bad(Check::Revocation),
            AuthenticateError::TooLarge => Self::Bad(Check::Length),
            AuthenticateError::Missing | AuthenticateError::BadHeader => Self::Bad(Check::Parts),
            AuthenticateError::Unknown => Self::Unknown,
        }
    }
}
