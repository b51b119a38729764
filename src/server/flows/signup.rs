//! Sign up: anyone makes an account, if the operator allows it.
//!
//! Nobody signs up before there is an administrator, with an invitation neither: the first one to use a new server is
//! the one who set it up.

use secrecy::SecretString;
use tracing::info;

use super::actor::event;
use super::login::{LoginError, NewSession, SignedIn, start_session};
use super::new_account::{NewAccountError, prepare_account};
use super::throttle::{Throttled, Visitor, admit_to_sign_up};
use crate::server::domain::invitation::InvitationCode;
use crate::server::domain::password::PasswordHash;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::user::{Roles, User};
use crate::server::state::AppState;
use crate::server::store::invitations::Redeemed;
use crate::server::store::users::Inserted;

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub enum SignupError {
    #[error("sign-up is closed, and no invitation came")]
    Closed,
    #[error("there is no administrator yet")]
    SetupNotDone,
    #[error("the invitation is unknown, used or expired")]
    BadInvitation,
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Account(#[from] NewAccountError),
    /// The account was made.
    #[error(transparent)]
    Login(#[from] LoginError),
}

/// Makes an account without roles. `invitation` is empty where none came; where one did it is used, also if anybody may.
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

/// Makes an account and signs it in at once: what a page wants.
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
    Ok(start_session(state, &user, &hash, new).await?)
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
    // Counted when it is dropped.
    let _attempt = admit_to_sign_up(state, visitor)?;
    // Not asked again when the account is made: the last administrator stays, so that there is one from now on.
    if !state.store.has_administrator().await.map_err(NewAccountError::Store)? {
        return Err(SignupError::SetupNotDone);
    }
    let code = InvitationCode::from_typed(invitation).hash();
    // Looked at again when it is used; until then nothing is hashed for whoever makes one up.
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
