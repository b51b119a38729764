//! What a door can demand in addition to a valid token.

use super::authenticate::CurrentUser;
use crate::server::domain::step_up::StepUp;
use crate::server::state::AppState;

/// The user is known, but may not do this, or not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeError {
    #[error("the password was typed too long ago")]
    NotFresh,
    #[error("the role is missing")]
    RoleMissing,
    #[error("the user must show a second factor, and has not")]
    NotEnrolled,
    #[error("the sign-in had too few factors, or was too long ago")]
    Insufficient(StepUp),
}

/// Demands that the password was typed within `FRESH_FOR`: for actions that a person who finds an open page must not be
/// able to do.
///
/// # Errors
/// [`AuthorizeError::NotFresh`].
pub fn require_fresh(state: &AppState, user: &CurrentUser) -> Result<(), AuthorizeError> {
    let fresh = user.fresh_until.is_some_and(|until| state.world.now() < until);
    if fresh { Ok(()) } else { Err(AuthorizeError::NotFresh) }
}

/// Demands the role with this name.
///
/// # Errors
/// [`AuthorizeError::RoleMissing`].
pub fn require_role(user: &CurrentUser, role: &str) -> Result<(), AuthorizeError> {
    let has = user.roles.iter().any(|own| own == role);
    if has { Ok(()) } else { Err(AuthorizeError::RoleMissing) }
}

/// Demands a sign-in with two factors, or a recent one.
///
/// # Errors
/// [`AuthorizeError::Insufficient`].
pub fn require_step_up(state: &AppState, user: &CurrentUser, demand: StepUp) -> Result<(), AuthorizeError> {
    let met = demand.is_met(user.methods, user.authenticated_at, state.world.now());
    if met { Ok(()) } else { Err(AuthorizeError::Insufficient(demand)) }
}
