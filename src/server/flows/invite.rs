//! Invites one person: makes a link with which this person can create an account if sign-up is closed.

use secrecy::SecretString;
use tracing::info;

use super::actor::Actor;
use crate::server::domain::invitation::{InvitationCode, LIFETIME};
use crate::server::domain::security_event::EventKind;
use crate::server::domain::unix_time::UnixTime;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// An invitation, to show once.
pub struct Invitation {
    /// The code is after the `#`, so that no proxy and no log of a server contains it.
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
    let told = by.own_event(state, EventKind::Invited);
    state.store.insert_invitation(&code.hash(), told.as_ref(), expires_at).await?;
    info!(by = %by.name(), "Made an invitation");
    let link = format!("{}/signup#{}", state.config.public_url, code.expose()).into();
    Ok(Invitation { link, expires_at })
}
