//! Who must set up a second factor before anything else: the setting `REQUIRE_SECOND_FACTOR`.

use super::authenticate::CurrentUser;
use super::authorize::AuthorizeError;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Demands that a user who must have a second factor has shown it. Reads only memory, as the guard of every protected door does.
///
/// # Errors
/// [`AuthorizeError::NotEnrolled`].
pub fn require_enrolment(state: &AppState, user: &CurrentUser) -> Result<(), AuthorizeError> {
    let missing = state.config.require_second_factor.is_missing(&user.roles, user.methods);
    if missing { Err(AuthorizeError::NotEnrolled) } else { Ok(()) }
}

/// Returns whether the user must set up a second factor, or sign in again with it. The token can be older than the second factor:
/// the session says it. Asks the store only if the token says that it is missing.
///
/// # Errors
/// [`StoreError`].
pub async fn must_enrol(state: &AppState, user: &CurrentUser) -> Result<bool, StoreError> {
    if require_enrolment(state, user).is_ok() {
        return Ok(false);
    }
    let session = state.store.find_session(user.session_id).await?;
    let methods = session.map_or(user.methods, |kept| kept.session.methods);
    Ok(state.config.require_second_factor.is_missing(&user.roles, methods))
}
