//! Exchanges an access token for one that another audience accepts (RFC 8693): the same user and session, refused like it when
//! the session ends, and never longer alive.

use tracing::info;

use super::authenticate::{AuthenticateError, CurrentUser, verify_unrevoked};
use super::authorize::AuthorizeError;
use super::enrolment::require_enrolment;
use super::manage_audiences::known_audiences;
use crate::server::domain::access_token::Expiry;
use crate::server::domain::audience::Scope;
use crate::server::domain::audience_token::Holder;
use crate::server::domain::blocklist::keep_until;
use crate::server::domain::compact_jws::MAX_TOKEN_BYTES;
use crate::server::domain::ids::TokenId;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// A token for another audience. No `Debug`: anyone who reads it is signed in there.
pub struct Stamp {
    pub access_token: String,
    /// In seconds from now.
    pub expires_in: u64,
    /// Empty if the token has none.
    pub scope: Scope,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum StampError {
    /// No audience has this name, or its `aud` is that of our own tokens by now.
    #[error("there is no such audience")]
    UnknownAudience,
    #[error("the user lacks a role that the audience needs")]
    RoleMissing,
    #[error("the audience does not have this scope")]
    Scope,
    #[error("the session has no time left")]
    Expired,
    #[error("the token would have more than {MAX_TOKEN_BYTES} bytes; shorten --claims and --scope of the audience")]
    TooLarge,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the token could not be signed")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// Why an access token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error(transparent)]
    Subject(#[from] AuthenticateError),
    /// The user must show a second factor first.
    #[error(transparent)]
    NotEnrolled(#[from] AuthorizeError),
    #[error(transparent)]
    Stamp(#[from] StampError),
}

/// Exchanges one of our access tokens, which must be one that a protected door accepts now: a token for another audience is
/// none. Reads only memory, and the store at most once a second.
///
/// # Errors
/// [`ExchangeError`].
pub async fn exchange(
    state: &AppState,
    subject_token: &str,
    audience: &str,
    scope: Option<&str>,
) -> Result<Stamp, ExchangeError> {
    let subject = CurrentUser::from(verify_unrevoked(state, subject_token, Expiry::Judged)?);
    require_enrolment(state, &subject)?;
    Ok(stamp_for(state, &Holder::from(&*subject), audience, scope).await?)
}

/// Issues a token for the audience with this name to a holder who was verified a moment ago. `scope`: fewer values than the
/// audience has.
///
/// # Errors
/// [`StampError`].
pub async fn stamp_for(
    state: &AppState,
    holder: &Holder<'_>,
    audience: &str,
    scope: Option<&str>,
) -> Result<Stamp, StampError> {
    let audiences = known_audiences(state).await?;
    let audience = audiences.iter().find(|known| known.name.as_str() == audience);
    // JWT_AUDIENCE may have changed since the audience was added: such a token would open our own doors.
    let audience = audience.filter(|known| known.aud != state.token_rules.audience);
    let audience = audience.ok_or(StampError::UnknownAudience)?;
    if !audience.admits(holder.roles) {
        return Err(StampError::RoleMissing);
    }
    let most = holder.scope_for(audience);
    let scope = match scope {
        None => most,
        Some(asked) => Scope::parse(asked).filter(|asked| most.covers(asked)).ok_or(StampError::Scope)?,
    };
    let now = state.world.now();
    // Within the leeway the holder's token is valid beyond its end, and a token for others would begin there.
    if now >= holder.expires_at {
        return Err(StampError::Expired);
    }
    let token_id = TokenId::from_random(state.world.random_bytes());
    let issued = state.token_rules.issue_for(&state.keys.load(), audience, holder, &scope, token_id, now)?;
    if issued.text.len() > MAX_TOKEN_BYTES {
        return Err(StampError::TooLarge);
    }
    state.past_purge.issued(token_id, keep_until(issued.expires_at, state.token_rules.leeway));
    state.measures.token_issued();
    let (user, session) = (holder.user_id, holder.session_id);
    info!(user.id = %user, session.id = %session, audience = %audience.name, "Issued a token for another audience");
    Ok(Stamp { access_token: issued.text, expires_in: issued.expires_at.seconds_since(now), scope })
}
