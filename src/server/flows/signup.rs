//! Signs up: anyone creates an account, if the operator allows it.
//!
//! Sign-up waits until there is an administrator, also with an invitation: the first user of a new server must be the person
//! who set it up.

use secrecy::SecretString;
use tracing::info;

use super::actor::event;
use super::login::{LoginError, NewSession, SignedIn, start_session};
use super::new_account::{NewAccountError, prepare_account};
use super::throttle::{Throttled, Visitor, admit_to_sign_up};
use crate::server::domain::invitation::InvitationCode;
use crate::server::domain::methods::Methods;
use crate::server::domain::password::PasswordHash;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::user::{Roles, User};
use crate::server::state::AppState;
use crate::server::store::invitations::Redeemed;
use crate::server::store::users::Inserted;

/// Why the sign-up failed.
#[derive(Debug, thiserror::Error)]
pub enum SignupError {
    #[error("sign-up is closed, and the request has no invitation")]
    Closed,
    #[error("there is no administrator yet")]
    SetupNotDone,
    #[error("the invitation is unknown, used or expired")]
    BadInvitation,
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Account(#[from] NewAccountError),
    /// The account was created, but the sign-in failed.
    #[error(transparent)]
    Login(#[from] LoginError),
}

/// Creates an account without roles. `invitation`: empty if the request has none. If it has one, it is used, even if
/// sign-up is open.
///
/// # Errors
/// [`SignupError`].
pub async fn signup(
    state: &AppState,
    invitation: &str,
    username: &str,
    password: SecretString,
    visitor: &Visitor,
) -> Result<User, SignupError> {
    Ok(make(state, invitation, username, password, visitor).await?.0)
}

/// Creates an account and signs in at once, for the page.
///
/// # Errors
/// [`SignupError`].
pub async fn signup_and_login(
    state: &AppState,
    invitation: &str,
    username: &str,
    password: SecretString,
    new: NewSession,
) -> Result<SignedIn, SignupError> {
    let (user, hash) = make(state, invitation, username, password, &new.visitor).await?;
    Ok(start_session(state, (&user, &hash), Methods::PASSWORD, new).await?)
}

async fn make(
    state: &AppState,
    invitation: &str,
    username: &str,
    password: SecretString,
    visitor: &Visitor,
) -> Result<(User, PasswordHash), SignupError> {
    if invitation.is_empty() && !state.config.signup_open {
        return Err(SignupError::Closed);
    }
    // Counted when this is dropped.
    let _attempt = admit_to_sign_up(state, visitor)?;
    // Not asked again when the account is made: the last administrator stays, so that there is one from now on.
    if !state.store.has_administrator().await.map_err(NewAccountError::Store)? {
        return Err(SignupError::SetupNotDone);
    }
    let code = InvitationCode::from_typed(invitation).hash();
    // Checked again when it is used. This check avoids hashing for a made-up invitation.
    if !invitation.is_empty()
        && !state.store.has_invitation(&code, state.world.now()).await.map_err(NewAccountError::Store)?
    {
        return Err(SignupError::BadInvitation);
    }
    let (user, hash) = prepare_account(state, username, password, Roles::default()).await?;
    let event = event(state, EventKind::SignedUp, visitor.origin.clone());
    let redeemed = if invitation.is_empty() {
        match state.store.insert_user(&user, &hash, &event).await.map_err(NewAccountError::Store)? {
            Inserted::Yes => Redeemed::Yes,
            Inserted::Taken => Redeemed::Taken,
        }
    } else {
        let redeemed = state.store.redeem_invitation(&code, event.at, &user, &hash, &event).await;
        redeemed.map_err(NewAccountError::Store)?
    };
    match redeemed {
        Redeemed::Yes => {
            info!(user.id = %user.id, "Signed up user `{}`", user.username);
            Ok((user, hash))
        }
        Redeemed::Taken => Err(NewAccountError::Taken.into()),
        Redeemed::NotValid => Err(SignupError::BadInvitation),
    }
}
