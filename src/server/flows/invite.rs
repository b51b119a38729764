//! Invites one person: a link by which they can make an account where sign-up is closed.

use secrecy::SecretString;

use super::actor::Actor;
use crate::server::domain::invitation::{InvitationCode, LIFETIME};
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// An invitation, shown once.
pub struct Invitation {
    /// The code stands behind the `#`: no server's log and no proxy sees it.
    pub link: SecretString,
    pub expires_at: UnixTime,
}

/// Makes an invitation.
///
/// # Errors
/// [`StoreError`].
pub async fn invite(state: &AppState, by: &Actor) -> Result<Invitation, StoreError> {
    let code = InvitationCode::from_random(state.world.random_bytes());
    let expires_at = state.world.now().plus(LIFETIME);
    let invited_by = match by {
        Actor::Operator => None,
        Actor::Admin { id, .. } => Some(*id),
    };
    state.store.insert_invitation(&code.hash(), invited_by, expires_at).await?;
    let link = format!("{}/signup#{}", state.config.public_url, code.expose()).into();
    Ok(Invitation { link, expires_at })
}
