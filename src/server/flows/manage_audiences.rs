//! Adds, lists and removes audiences: other services that get tokens of their own.

use std::sync::Arc;

use tracing::info;

use crate::server::domain::audience::{Audience, AudienceName, AudienceTexts, UnfitAudience};
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Why an audience was not added, found or removed.
#[derive(Debug, thiserror::Error)]
pub enum ManageAudienceError {
    #[error(transparent)]
    Unfit(#[from] UnfitAudience),
    #[error("--aud is this server's JWT_AUDIENCE; its tokens come from a sign-in, so use another value")]
    OwnAudience,
    #[error("the name is taken; remove that audience first")]
    Taken,
    #[error("there is no such audience; `handstamp audience list` shows them")]
    NoSuchAudience,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds an audience. A running server knows it within a second.
///
/// # Errors
/// [`ManageAudienceError`].
pub async fn add_audience(state: &AppState, texts: AudienceTexts) -> Result<Audience, ManageAudienceError> {
    let audience = Audience::parse(texts, state.world.now())?;
    if audience.aud == state.token_rules.audience {
        return Err(ManageAudienceError::OwnAudience);
    }
    if !state.store.insert_audience(&audience).await? {
        return Err(ManageAudienceError::Taken);
    }
    state.known_audiences.forget();
    info!(audience = %audience.name, "Added an audience");
    Ok(audience)
}

/// Returns the audience with this name.
///
/// # Errors
/// [`ManageAudienceError`].
pub async fn get_audience(state: &AppState, name: &str) -> Result<Audience, ManageAudienceError> {
    let all = state.store.list_audiences().await?;
    all.into_iter().find(|audience| audience.name.as_str() == name).ok_or(ManageAudienceError::NoSuchAudience)
}

/// Removes an audience. From now on nobody gets a token for it, and introspection rejects those that were issued: here at
/// once, in other processes within a second.
///
/// # Errors
/// [`ManageAudienceError`].
pub async fn remove_audience(state: &AppState, name: &str) -> Result<(), ManageAudienceError> {
    let Ok(name) = AudienceName::parse(name) else { return Err(ManageAudienceError::NoSuchAudience) };
    let removed = state.store.delete_audience(&name).await?;
    state.known_audiences.forget();
    if !removed {
        return Err(ManageAudienceError::NoSuchAudience);
    }
    info!(audience = %name, "Removed an audience");
    Ok(())
}

/// Returns all audiences, at most a second old. Many requests within a second cost one look into the store.
pub(super) async fn known_audiences(state: &AppState) -> Result<Arc<[Audience]>, StoreError> {
    let uptime = state.world.uptime();
    if let Some(known) = state.known_audiences.all(uptime) {
        return Ok(known);
    }
    let all: Arc<[Audience]> = state.store.list_audiences().await?.into();
    state.known_audiences.remember(Arc::clone(&all), uptime);
    Ok(all)
}
