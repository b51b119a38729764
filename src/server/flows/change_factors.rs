//! What all changes of a user's own second factors have in common: who may make them, and why they fail.

use super::authenticate::CurrentUser;
use crate::server::domain::factors::Factors;
use crate::server::domain::methods::Assurance;
use crate::server::domain::sealing::DoesNotOpen;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Why a second factor was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeFactorsError {
    /// The session began with the password alone, and the account has a second factor.
    #[error("the session showed no second factor")]
    NotRecognised,
    #[error("an authenticator app is set up already")]
    ConfirmedAlready,
    #[error("there is no such factor")]
    NothingThere,
    #[error("the code is wrong, or was used before")]
    WrongCode,
    #[error(transparent)]
    Sealed(#[from] DoesNotOpen),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns the factors of a user who may change them. The doors demand a fresh token, too. If the account has a factor, the
/// session must have shown one: the password alone must not be enough to remove the second factor, or to add another. A session
/// can be older than the factor, so the token does not say it.
///
/// # Errors
/// [`ChangeFactorsError`].
pub(super) async fn changeable_factors(state: &AppState, user: &CurrentUser) -> Result<Factors, ChangeFactorsError> {
    let factors = state.store.find_factors(user.user_id).await?;
    if factors.any() {
        // The row and not the token: the session may have confirmed the factor a moment ago.
        let session = state.store.find_session(user.session_id).await?;
        if session.is_none_or(|kept| kept.session.methods.assurance() < Assurance::Two) {
            return Err(ChangeFactorsError::NotRecognised);
        }
    }
    Ok(factors)
}
