//! Lists the second factors of a user.

use super::actor::{Actor, ManageUserError, Target};
use super::authenticate::CurrentUser;
use crate::server::domain::factors::Factors;
use crate::server::domain::user::User;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Returns the user's own factors.
///
/// # Errors
/// [`StoreError`].
pub async fn list_own_factors(state: &AppState, user: &CurrentUser) -> Result<Factors, StoreError> {
    state.store.find_factors(user.user_id).await
}

/// Returns those of any user, for an operator.
///
/// # Errors
/// [`ManageUserError`].
pub async fn list_factors_of(state: &AppState, target: Target<'_>) -> Result<(User, Factors), ManageUserError> {
    let user = Actor::Operator.find(state, target).await?;
    let factors = state.store.find_factors(user.id).await?;
    Ok((user, factors))
}
