//! A new password for a user who forgot the old one: with a link in a mail to the address of the account.
//!
//! The answer to the request does not show whether the account exists or has an address: it comes before anything is looked
//! up. The link ends all sessions and starts none, so a second factor is still asked at the next sign-in.

use std::sync::Arc;

use secrecy::SecretString;
use tracing::{info, warn};

use super::actor::event;
use super::end_session::end_sessions;
use super::find_account::find_account;
use super::new_account::{NewAccountError, hash_new_password};
use super::queue_mail::{about, mail_for};
use super::throttle::{Throttled, Visitor, admit_to_code, admit_to_forget, admit_to_mail};
use crate::server::domain::letter_words::reset_password as letter_with_link;
use crate::server::domain::mail_link::{LinkCode, Purpose};
use crate::server::domain::security_event::EventKind;
use crate::server::domain::session::Origin;
use crate::server::hash_pool::Overloaded;
use crate::server::request_id;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::mail_links::NewLink;
use crate::server::store::sessions::Along;

/// Why no link was asked for, or no password was set.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    #[error("this server sends no mail")]
    NoMail,
    #[error("no username and no email address")]
    Missing,
    #[error("the link is unknown, used or expired")]
    BadLink,
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    New(#[from] NewAccountError),
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks for a link. `typed`: a username or an email address.
///
/// # Errors
/// [`ResetPasswordError`], the same for every account and for none.
pub fn forgot_password(state: &AppState, typed: &str, visitor: &Visitor) -> Result<(), ResetPasswordError> {
    if !state.mailer.is_on() {
        return Err(ResetPasswordError::NoMail);
    }
    if typed.trim().is_empty() {
        return Err(ResetPasswordError::Missing);
    }
    let place = Arc::clone(&state.mailer.resets).try_acquire_owned().map_err(|_| Overloaded)?;
    // Counted when this is dropped.
    let _attempt = admit_to_forget(state, typed, visitor)?;
    let (state, typed, origin) = (state.clone(), typed.to_owned(), visitor.origin.clone());
    tokio::spawn(request_id::carried(async move {
        if let Err(error) = send_link(&state, &typed, &origin).await {
            warn!(%error, "No link for a new password was sent");
        }
        drop(place);
    }));
    Ok(())
}

async fn send_link(state: &AppState, typed: &str, origin: &Origin) -> Result<(), StoreError> {
    let Some((user, _)) = find_account(state, typed).await?.filter(|(user, _)| user.disabled_at.is_none()) else {
        return Ok(());
    };
    let Some(address) = state.store.find_address(user.id).await? else { return Ok(()) };
    // Counted silently, for name and address together: an error would show that they belong together.
    let Ok(_attempt) = admit_to_mail(state, user.id, None, &Visitor::default()) else { return Ok(()) };
    let (code, now, purpose) =
        (LinkCode::from_random(state.world.random_bytes()), state.world.now(), Purpose::ResetPassword);
    let expires_at = now.plus(purpose.lifetime());
    let link = purpose.link(&state.config.public_url, &code);
    let letter = letter_with_link(about(state, &address, user.username.as_str()), link, now, origin);
    let mail = mail_for(state, user.id, &letter, Some(expires_at));
    let link = NewLink { hash: code.hash(), purpose, user_id: user.id, address, expires_at };
    state.store.insert_link(&link, &[mail]).await?;
    state.mailer.some.notify_one();
    info!(user.id = %user.id, "Queued a link for a new password");
    Ok(())
}

/// Sets a new password with the code from a mail. All sessions of the user end, and all links stop working. A password that
/// breaks the rules does not use the link up.
///
/// # Errors
/// [`ResetPasswordError`].
pub async fn reset_password(
    state: &AppState,
    code: &str,
    password: SecretString,
    visitor: &Visitor,
) -> Result<(), ResetPasswordError> {
    let attempt = admit_to_code(state, visitor)?;
    let link = LinkCode::from_client(code).hash();
    // Checked again when it is used. This check avoids hashing for a made-up link.
    let Some(kept) = state.store.find_link(&link, Purpose::ResetPassword, state.world.now()).await? else {
        attempt.failed(None).await?;
        return Err(ResetPasswordError::BadLink);
    };
    attempt.succeeded();
    let Some(user) = state.store.find_user_by_id(kept.user_id).await? else { return Err(ResetPasswordError::BadLink) };
    let to = hash_new_password(state, &user.username, password).await?;
    let event = event(state, EventKind::PasswordReset, visitor.origin.clone());
    match end_sessions(state, user.id, None, Along::ResetPassword { link, to }, event).await {
        Err(StoreError::Outdated) => Err(ResetPasswordError::BadLink),
        done => Ok(done.map(|_| ())?),
    }
}
