//! Finds the account that a visitor means: by its name, or by its confirmed email address.
//!
//! A name can look like an address, because a name can contain `@`. If an account has that address, the address counts: its
//! user has shown that it is theirs, and a name anyone can choose.

use crate::server::domain::email::Email;
use crate::server::domain::password::PasswordHash;
use crate::server::domain::user::User;
use crate::server::domain::username::Username;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Returns the account for this text, as typed, and the hash of its password. The number of queries does not depend on whether
/// there is one.
pub(super) async fn find_account(state: &AppState, typed: &str) -> Result<Option<(User, PasswordHash)>, StoreError> {
    let name = Username::parse(typed).ok();
    match (Email::parse(typed), name) {
        (Ok(email), name) => state.store.find_user_by_address(&email, name.as_ref()).await,
        (Err(_), Some(name)) => state.store.find_user(&name).await,
        (Err(_), None) => Ok(None),
    }
}
